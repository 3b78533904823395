// The library entry: `import { connect } from "piwork"` in plain Node, although the sources are TypeScript.
import { tsImport } from "tsx/esm/api";

export const { Client, connect, NoRuntime } = await tsImport("./control/client.ts", import.meta.url);
