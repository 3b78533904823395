import { useCallback, useEffect, useState } from "preact/hooks";

/** What a call answered last, asked again whenever one of `when` is another, and by hand. */
export function useAnswer<T>(ask: () => Promise<T>, when: readonly unknown[]) {
  const [answer, setAnswer] = useState<T | undefined>(undefined);
  const [refusal, setRefusal] = useState<string | undefined>(undefined);
  const [isAsking, setAsking] = useState(false);
  const [times, setTimes] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    setAsking(true);
    ask()
      .then(
        (found) => {
          if (!isCurrent) return;
          setAnswer(found);
          setRefusal(undefined);
        },
        (error: Error) => isCurrent && setRefusal(error.message),
      )
      .finally(() => isCurrent && setAsking(false));
    return () => {
      isCurrent = false;
    };
  }, [...when, times]);
  const again = useCallback(() => setTimes((before) => before + 1), []);
  return { answer, refusal, isAsking, again };
}
