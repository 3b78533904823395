import { useStore } from "./use-store.ts";

/** What to do first. */
export function Welcome({ onMake }: { onMake: () => void }) {
  const { status } = useStore();
  return (
    <main class="middle welcome">
      <h2>No task yet</h2>
      <p>An agent works in a task: in one folder, behind walls, in a machine of its own or one that tasks share.</p>
      <ol>
        <li>
          Put what it should work on into a folder below <code>{status?.workspace}</code>.
        </li>
        <li>Make a task and give it that folder. A folder is given once; a task can also go without.</li>
        <li>
          Say what to do. There is no model yet: the agent is the <em>probe</em>, which runs <code>run: ls -la</code>{" "}
          and says everything else back.
        </li>
      </ol>
      <button type="button" class="main" onClick={onMake}>
        New task
      </button>
    </main>
  );
}
