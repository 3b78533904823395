import { completions } from "./completions.ts";
import { serveDialects } from "./server.ts";

/** The scripted model that users start: it answers from a script, without a model. See docs/scripted-provider.md. */
await serveDialects([completions]);
