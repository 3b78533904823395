import { useState } from "preact/hooks";
import { ConversationView } from "./conversation.tsx";
import { Drawer } from "./drawer.tsx";
import { NewTask } from "./new-task.tsx";
import { TaskFiles } from "./task-files.tsx";
import { TaskList } from "./task-list.tsx";
import { useStore } from "./use-store.ts";
import { Welcome } from "./welcome.tsx";

const VIEWS = { tasks: "Tasks", conversation: "Conversation", files: "Files" } as const;
type View = keyof typeof VIEWS;

export function App() {
  const store = useStore();
  const { status, connection, task } = store;
  const [view, setView] = useState<View>("conversation");
  const [isMaking, setMaking] = useState(false);
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  if (connection === "refused") return <NoEntry />;
  if (status === null)
    return (
      <main class="alone" aria-busy="true">
        {connection === "lost" ? "Looking for the runtime …" : "Connecting …"}
      </main>
    );
  const make = () => setMaking(true);
  return (
    <div class="frame" data-view={view}>
      <header class="top">
        <h1>Piwork</h1>
        <span class="where faint cut" title={status.workspace}>
          {status.workspace}
        </span>
        <Link />
        <button type="button" aria-expanded={isDrawerOpen} onClick={() => setDrawerOpen(!isDrawerOpen)}>
          Runtime
        </button>
      </header>
      <nav class="views" aria-label="Views">
        {Object.entries(VIEWS).map(([name, words]) => (
          <button
            key={name}
            type="button"
            aria-current={view === name ? "page" : undefined}
            onClick={() => setView(name as View)}
          >
            {words}
          </button>
        ))}
      </nav>
      <TaskList onMake={make} onChosen={() => setView("conversation")} />
      {task === undefined ? <Welcome onMake={make} /> : <ConversationView key={task.id} task={task} />}
      {task === undefined ? (
        <aside class="side" aria-label="Files">
          <p class="faint nothing">The files of a task, and what it can reach, are shown here.</p>
        </aside>
      ) : (
        <TaskFiles key={task.id} task={task} />
      )}
      {isDrawerOpen && <Drawer onClose={() => setDrawerOpen(false)} />}
      {isMaking && (
        <NewTask
          onClose={() => setMaking(false)}
          onMade={() => {
            setMaking(false);
            setView("conversation");
          }}
        />
      )}
      <div class="notices" role="alert">
        {store.notices.map(({ id, words }) => (
          <p key={id} class="notice">
            {words}
            <button type="button" class="quiet" aria-label="Dismiss" onClick={() => store.dismiss(id)}>
              ✕
            </button>
          </p>
        ))}
      </div>
    </div>
  );
}

/** Whether the runtime answers, and what it is busy with before it can open tasks. */
function Link() {
  const { connection, status } = useStore();
  const isOnline = connection === "online";
  const words = !isOnline ? "The runtime does not answer; looking for it …" : (status?.starting ?? "connected");
  return (
    <span class={`link faint cut ${isOnline ? (status?.starting == null ? "fine" : "waits") : "lost"}`} role="status">
      {words}
    </span>
  );
}

function NoEntry() {
  return (
    <main class="alone">
      <h1>This page needs a new address</h1>
      <p>
        Each address of the panel opens it once, within ten minutes. <code>npx piwork panel</code> prints a new one:
        open it here.
      </p>
    </main>
  );
}
