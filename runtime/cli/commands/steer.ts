import { type Command, Option } from "commander";
import { attach, ofTask, print } from "../attach.ts";

export function addSteer(program: Command): void {
  program
    .command("steer TEXT")
    .description("say something to an agent that works: before it goes on, or after it would have ended")
    .option("--task <ID>", "the task (default: the active one)")
    .addOption(
      new Option("--when <WHEN>", "now: before it goes on; after: when it would have ended")
        .choices(["now", "after"])
        .default("now"),
    )
    .action(async (message: string, options: { task?: string; when: "now" | "after" }, command: Command) => {
      await (await attach(command)).call("steer", { ...ofTask(options.task), message, when: options.when });
      print(
        options.when === "now" ? "said; it hears this when its step is over" : "said; it hears this when it is done",
      );
    });
}
