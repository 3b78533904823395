import { completions } from "./completions.ts";
import { serveDialects } from "./serve.ts";

/** The scripted model that users start: it answers from a script, without a model. See docs/scripted-provider.md. */
await serveDialects([completions]);
