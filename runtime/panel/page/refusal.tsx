/** Why something was not done or cannot be shown; `isAlert` for what somebody has just asked for. */
export function Refusal({ says, isAlert = false }: { says: string | undefined; isAlert?: boolean }) {
  if (says === undefined || says === "") return null;
  return (
    <p class="refusal" role={isAlert ? "alert" : undefined}>
      {says}
    </p>
  );
}
