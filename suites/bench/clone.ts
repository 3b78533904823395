import type { Phases } from "../../harness/bench/figures.ts";
import { middleBar } from "../../harness/bench/phases.ts";
import type { Section } from "../../harness/bench/section.ts";
import { Clones } from "../../harness/machines/clones.ts";
import type { Machine } from "../../runtime/machine/machine.ts";
import { filesPath } from "../../runtime/workspace/paths.ts";
import { countBlocks } from "./blocks.ts";

const BARE = { unconfined: true, without: [] };
/** A cold boot takes fifty times as long: that many are enough to say so. */
const COLD_EVERY = 6;

/** A machine cloned from the template, up to its first answer. */
export const cloning: Section = {
  name: "clone",
  describe: "a machine cloned from the template, from spawn to its first answer",
  samples: 30,
  async measure(bench) {
    await using clones = await Clones.open(bench.logs);
    bench.accelerated(await clones.acceleration());
    // As a task gets one: what it will show is not there yet.
    const source = filesPath.forSingleTasks(clones.filePlaces, clones.directory);
    const files = await source.open("clone");
    const walled: Phases[] = [];
    const bare: Phases[] = [];
    const answer = async (starting: ReturnType<Clones["start"]>, phases?: Phases[]) => {
      await using machine = await (await starting).up;
      phases?.push(phasesOf(machine));
      return { answer: machine.bootMs ?? Number.NaN };
    };
    await bench.inTurn({
      quantities: { answer: { describe: "from spawn to taskd's first answer, all its walls around it", unit: "ms" } },
      target: { describe: "a clone behind all walls", take: () => answer(clones.clone({ files }), walled) },
      alternatives: [
        {
          describe: "the bare clone: QEMU without bubblewrap around it",
          where: "runtime",
          take: () => answer(clones.clone({ files, walls: BARE }), bare),
        },
      ],
    });
    await bench.inTurn({
      quantities: { cold: { describe: "from spawn to taskd's first answer, all its walls around it", unit: "ms" } },
      rounds: Math.ceil(bench.samples / COLD_EVERY),
      target: {
        describe: "a clone behind all walls",
        take: async () => ({ cold: (await answer(clones.clone({ files }))).answer }),
      },
      alternatives: [
        {
          describe: "a cold boot of the same machine",
          where: "runtime",
          take: async () => ({ cold: (await answer(clones.start({ files }))).answer }),
        },
      ],
    });
    bench.put({
      kind: "breakdown",
      id: "clone.phases",
      describe: "what a clone is made of",
      unit: "ms",
      bars: [...middleBar("a clone behind all walls", walled), ...middleBar("a bare clone", bare)],
    });
    if ((await clones.acceleration()).used === "tcg") bench.put(await countBlocks(clones));
    await files.close();
    await source.close();
  },
};

function phasesOf({ steps }: Machine): Phases {
  return steps.map(({ name, at }, index) => ({ name, value: Math.max(0, at - (steps[index - 1]?.at ?? 0)) }));
}
