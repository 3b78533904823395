import { createContext } from "preact";
import { useContext, useEffect, useReducer } from "preact/hooks";
import type { Store } from "./store.ts";

export const StoreContext = createContext<Store | null>(null);

/** The store; whoever asks for it is drawn again with each change of it. */
export function useStore(): Store {
  const store = useContext(StoreContext);
  if (store === null) throw new Error("there is no store around this component");
  const [, draw] = useReducer((count: number, _: undefined) => count + 1, 0);
  useEffect(() => store.subscribe(() => draw(undefined)), [store]);
  return store;
}
