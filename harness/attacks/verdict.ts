import { Failed } from "../checks/checks.ts";

/** What was seen of one attack from outside of the attacker. */
export interface Sight {
  /** whether it got through */
  through: boolean;
  /** what was seen, in words */
  seen: string;
  /** the machine no longer answers, so nothing can be looked at: as bad as getting through */
  lost?: true;
  /** the attack did not come to its end */
  cutOff?: true;
  /** what it tried is there to be seen, however it ended: being stopped is what was to become of it */
  tried?: true;
}

/** What an attack came to where it must not get through, and where it must. */
export interface Outcome {
  target: Sight;
  control: Sight;
}

/** The evidence; throws where the attack got through, or proves nothing. */
export function verdict(
  { id, dead, ruinous }: { id: string; dead?: string; ruinous?: true },
  outcome: Outcome,
): Outcome {
  const { target, control } = outcome;
  if (target.through) throw new Failed(`${id} got through: ${target.seen}`, outcome);
  if (target.cutOff && !ruinous)
    throw new Failed(`${id} was cut off, so nobody knows whether it was tried: ${target.seen}`, outcome);
  if (!control.through && dead === undefined)
    throw new Failed(
      `${id} is dead: it does not get through where there are no walls either (${control.seen})`,
      outcome,
    );
  if (control.lost && !ruinous)
    throw new Failed(`${id} cost the control its machine: it proves nothing, or is 'ruinous'`, outcome);
  return outcome;
}
