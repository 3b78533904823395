import "./zod-without-eval.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { Store } from "./store.ts";
import { StoreContext } from "./use-store.ts";

const place = document.getElementById("panel");
if (place !== null)
  render(
    <StoreContext.Provider value={new Store()}>
      <App />
    </StoreContext.Provider>,
    place,
  );
