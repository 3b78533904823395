/** Every limit of the wire between host and guest, and of what hangs on it. Nothing else may state one. */
export const LIMITS = {
  /** longest line on the wire, in bytes, newline included */
  lineBytes: 1024 * 1024,
  /** raw bytes of command output in one exec_output event */
  execChunkBytes: 64 * 1024,
  /** raw bytes of one command's output on their way to whoever asked for it */
  execWindowBytes: 1024 * 1024,
  /** bytes of events that the host has not acknowledged; with more, taskd stops reading agents and commands */
  unackedEventBytes: 4 * 1024 * 1024,
  /** longest line of an agent, in bytes; an event around it must still be a line */
  agentLineBytes: 1024 * 1024 - 4096,
  /** remembered request ids, in entries */
  rememberedIds: 1024,
  /** remembered answers, in bytes */
  rememberedBytes: 8 * 1024 * 1024,
  /** open tasks in one taskd */
  tasksPerTaskd: 64,
  /** state changes of tasks and machines that each side remembers */
  history: 200,
  /** questions of one agent that wait for an answer */
  openQuestions: 16,
  /** bytes of all questions of one agent that wait for an answer */
  openQuestionBytes: 512 * 1024,
  /** longest answer to a question, in characters */
  answerCharacters: 64 * 1024,
  /** largest session file, in bytes */
  sessionBytes: 64 * 1024 * 1024,
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
  /** longest time limit a command may ask for, in milliseconds */
  execTimeoutMs: 60 * 60 * 1000,
  /** largest request body of the control API, in bytes */
  controlBodyBytes: 1024 * 1024,
  /** command output held for a reader of the control API that does not keep up, in bytes */
  unreadStreamBytes: 64 * 1024 * 1024,
} as const;
