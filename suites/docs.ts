import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROTOCOL_DOCUMENT, protocolDocument } from "../harness/protocol-document/document.ts";
import { REPOSITORY } from "../runtime/state/places.ts";

writeFileSync(join(REPOSITORY, PROTOCOL_DOCUMENT), protocolDocument());
console.log(`wrote ${PROTOCOL_DOCUMENT}`);
