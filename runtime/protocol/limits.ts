/** Every limit of the wire between host and guest, and of what hangs on it. Nothing else may state one. */
export const LIMITS = {
  /** longest line on the wire, in bytes, newline included */
  lineBytes: 1024 * 1024,
  /** raw bytes of command output in one exec_output event */
  execChunkBytes: 64 * 1024,
  /** raw bytes of one command's output on their way to whoever asked for it */
  execWindowBytes: 1024 * 1024,
  /** least that one piece of output counts in that window, in bytes: keeping a short one takes this much memory */
  minimumChunkCharge: 256,
  /** lines, or frames of the network, that the host takes from one machine before it turns to the others */
  linkPiecesPerTurn: 64,
  /** bytes likewise */
  linkBytesPerTurn: 256 * 1024,
  /** bytes that a machine may say on a new link before it answers the greeting: the rests of the link before */
  linkRestBytes: 64 * 1024 * 1024,
  /** links to one machine, one after the other */
  machineLinks: 100,
  /** events that taskd sends at most because it was asked to open, switch to, prompt or stop a task */
  eventsPerRequest: 5,
  /** bytes of events that the host has not acknowledged; with more, taskd stops reading agents and commands */
  unackedEventBytes: 4 * 1024 * 1024,
  /** longest line of an agent, in bytes; an event around it must still be a line */
  agentLineBytes: 1024 * 1024 - 4096,
  /** remembered request ids, in entries */
  rememberedIds: 1024,
  /** remembered requests with their answers, in bytes */
  rememberedBytes: 8 * 1024 * 1024,
  /** longest request that is known again when it is written differently, in characters */
  comparedCharacters: 16 * 1024,
  /** open tasks in one taskd */
  tasksPerTaskd: 64,
  /** agents that a machine has started ahead of their tasks */
  warmSlots: 4,
  /** memory of all processes of a task, in bytes, its /tmp included, where nobody chose another amount */
  taskMemoryBytes: 1024 * 1024 * 1024,
  /** the least that can be chosen: an agent alone takes half of it */
  leastTaskMemoryBytes: 256 * 1024 * 1024,
  /** the most that can be chosen */
  mostTaskMemoryBytes: 32 * 1024 * 1024 * 1024,
  /** memory of the machine that no task may have, in bytes */
  supervisorMemoryBytes: 224 * 1024 * 1024,
  /** memory that the machine's kernel takes before it counts any, in bytes */
  kernelMemoryBytes: 96 * 1024 * 1024,
  /** bytes of memory that a kernel describes in one byte: the description of what is added is taken from what was there */
  describedBytes: 64,
  /** processes and threads of a task */
  taskProcesses: 512,
  /** processes and threads of all tasks of a machine */
  machineProcesses: 4096,
  /** descriptors that one process of a task may have open */
  taskDescriptors: 4096,
  /** what fits into a task's /tmp, in bytes */
  tmpBytes: 256 * 1024 * 1024,
  /** terminals that a task can have at once */
  taskTerminals: 256,
  /** files that fit into a task's /tmp */
  tmpFiles: 65_536,
  /** what fits into /dev/shm of one process tree of a task, in bytes */
  shmBytes: 64 * 1024 * 1024,
  /** state changes of tasks and machines that each side remembers */
  history: 200,
  /** questions of one agent that wait for an answer */
  openQuestions: 16,
  /** bytes of all questions of one agent that wait for an answer */
  openQuestionBytes: 512 * 1024,
  /** what was said to an agent and not read by it, in bytes; then it is ended */
  agentUnreadBytes: 4 * 1024 * 1024,
  /** longest answer to a question, in characters */
  answerCharacters: 64 * 1024,
  /** largest session file, in bytes */
  sessionBytes: 64 * 1024 * 1024,
  /** largest file that a machine can make on the host, in bytes */
  fileBytes: 8 * 1024 * 1024 * 1024,
  /** largest file that is imported, in bytes */
  uploadBytes: 1024 * 1024 * 1024,
  /** longest prompt, in characters */
  promptCharacters: 256 * 1024,
  /** words of one system_bash command */
  execWords: 1024,
  /** longest word of such a command, in bytes; the kernel takes no longer one */
  execWordBytes: 128 * 1024 - 1,
  /** longest title of a task, in characters */
  titleCharacters: 120,
  /** longest relative folder path, in bytes */
  folderBytes: 1024,
  /** longest path inside a task's directory, in bytes */
  innerPathBytes: 4096,
  /** names in one listing of a directory */
  listedEntries: 1000,
  /** bytes of a file that a preview shows */
  previewBytes: 256 * 1024,
  /** bytes of a file that a preview shows where more is asked for, as for an image */
  largePreviewBytes: 8 * 1024 * 1024,
  /** changes of a task's folder that are listed */
  listedChanges: 1000,
  /** names that one look at these reads */
  changesEntries: 200_000,
  /** longest time of one such look, in milliseconds */
  changesMs: 10_000,
  /** characters that are kept of what an agent says in one turn */
  turnCharacters: 16 * 1024 * 1024,
  /** the same while all conversations together are over their limit */
  crowdedTurnCharacters: 1024 * 1024,
  /** least that a piece of text counts there, in characters: keeping a short one takes this much memory */
  minimumPieceCharge: 32,
  /** texts and tool calls that are kept of one turn */
  turnParts: 5000,
  /** characters that are kept of a tool call's output, the last ones */
  stepCharacters: 256 * 1024,
  /** characters of all turns that a runtime keeps to show them */
  conversationCharacters: 64 * 1024 * 1024,
  /** bytes of a saved session, its last ones, in which a runtime looks for earlier turns */
  earlierTurnsBytes: 1024 * 1024,
  /** bytes that a task may add to the log at once, for each kind of event */
  logShareBytes: 64 * 1024,
  /** the same in a second, once these are used up */
  logShareBytesPerSecond: 256,
  /** bytes of a log, its last ones, that are shown */
  logTailBytes: 64 * 1024,
  /** runs of suites whose evidence is listed, the last ones */
  listedRuns: 20,
  /** largest file of evidence that is read or shown, in bytes */
  evidenceBytes: 64 * 1024 * 1024,
  /** findings of one look at what a task planted */
  plantedFindings: 200,
  /** names that one such look reads */
  plantedEntries: 200_000,
  /** longest time of one such look, in milliseconds */
  plantedMs: 10_000,
  /** largest config file that such a look reads, in bytes */
  plantedConfigBytes: 64 * 1024,
  /** what a task may add to its folder, outputs, home and session together, in bytes */
  folderGrowthBytes: 10 * 1024 * 1024 * 1024,
  /** files, directories and links it may add to them */
  folderGrowthEntries: 1_000_000,
  /** levels of directories that a walk of a task's files goes down */
  walkLevels: 128,
  /** longest time limit a command may ask for, in milliseconds */
  execTimeoutMs: 60 * 60 * 1000,
  /** connections of one task to its network at once */
  networkStreams: 64,
  /** connections of all tasks of a machine at once */
  machineNetworkStreams: 512,
  /** connections of a task that it has whatever the others have */
  assuredNetworkStreams: 8,
  /** payload of one frame of the network, in bytes; the driver in the machine takes 32 KiB at once */
  networkFrameBytes: 32 * 1024 - 8,
  /** bytes of one connection on their way in one direction, before any were taken */
  networkFirstWindowBytes: 32 * 1024,
  /** the same, once some were taken */
  networkWindowBytes: 256 * 1024,
  /** longest head of a request of a task, and of its answer, in bytes */
  networkHeadBytes: 32 * 1024,
  /** time for such a head, in milliseconds */
  networkHeadMs: 30_000,
  /** time for the addresses of a host, in milliseconds */
  networkLookupMs: 10_000,
  /** time for a connection to it, in milliseconds */
  networkConnectMs: 15_000,
  /** names that are looked up at once for all tasks: each takes a thread, of which the runtime has few */
  networkLookups: 2,
  /** time without a byte after which a request of a task is over, in milliseconds */
  networkIdleMs: 10 * 60 * 1000,
  /** time that a request has in all, in milliseconds */
  networkTotalMs: 4 * 60 * 60 * 1000,
  /** bytes of one request, or of one tunnel, in each direction */
  networkRequestBytes: 4 * 1024 * 1024 * 1024,
  /** requests of a task that a runtime remembers */
  networkRequests: 200,
  /** largest request body of the control API, in bytes */
  controlBodyBytes: 1024 * 1024,
  /** connections to the control socket, or to the panel, by which nobody has called yet who may; a further one takes the oldest's place */
  strangeConnections: 64,
  /** connections to each of the two by which somebody has */
  knownConnections: 256,
  /** longest head of a request of the control API, in bytes */
  controlHeadBytes: 16 * 1024,
  /** headers of such a request that are read; the rest is left out */
  controlHeaders: 64,
  /** time for such a head, in milliseconds */
  controlHeadMs: 10_000,
  /** time for such a request with its body, in milliseconds: an upload may be long */
  controlRequestMs: 10 * 60 * 1000,
  /** time after which a connection without a request is closed, in milliseconds */
  controlIdleMs: 5_000,
  /** time in which the address of the panel opens it, in milliseconds */
  panelCodeMs: 10 * 60 * 1000,
  /** time in which a page of the panel can be loaded again, in milliseconds from the last answer that it got */
  panelReloadMs: 30_000,
  /** wrong codes for the panel that are answered with a reason, in a minute */
  panelWrongCodes: 30,
  /** command output held for a reader of the control API that does not keep up, in bytes */
  unreadStreamBytes: 64 * 1024 * 1024,
} as const;

/** What a piece of a command's output counts of the window, at both ends. */
export function execWeight(bytes: number): number {
  return Math.max(bytes, LIMITS.minimumChunkCharge);
}
