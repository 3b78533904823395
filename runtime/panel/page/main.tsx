import "./zod-without-eval.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { Store } from "./store.ts";
import { StoreContext } from "./use-store.ts";

// A file that misses the place for it must not take the page's own.
for (const name of ["dragover", "drop"] as const) addEventListener(name, (event) => event.preventDefault());

const place = document.getElementById("panel");
if (place !== null)
  render(
    <StoreContext.Provider value={new Store()}>
      <App />
    </StoreContext.Provider>,
    place,
  );
