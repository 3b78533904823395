import { completions } from "../../runtime/scripted-model/completions.ts";
import { serveDialects } from "../../runtime/scripted-model/server.ts";
import { anthropic } from "./anthropic.ts";
import { google } from "./google.ts";
import { ModelRecords } from "./records.ts";
import { responses } from "./responses.ts";

/** The runtime's scripted model, speaking every API that a provider can have, and telling what it was asked. */
await serveDialects([completions, responses, anthropic, google], new ModelRecords());
