/** Files that tools of the host read by themselves and that can make them run something. The first that matches is named; paths begin at the folder. */
export const RUN_BY_TOOLS: readonly (readonly [path: RegExp, why: string])[] = [
  [/(^|\/)\.vscode\/(settings|tasks|launch|extensions|mcp)\.json$/, "VS Code may run what it names"],
  [/\.code-workspace$/, "VS Code may run what it names"],
  [/(^|\/)\.idea\/./, "JetBrains editors may run what it names"],
  [/(^|\/)\.(zed|fleet)\/./, "an editor may run what it names"],
  [/(^|\/)\.claude\/./, "Claude Code takes hooks, commands and permissions from it"],
  [/(^|\/)\.cursor\/./, "Cursor takes rules and servers to start from it"],
  [/(^|\/)\.mcp\.json$/, "agents start the servers it names"],
  [/(^|\/)\.devcontainer(\/.|\.json$)/, "editors build and start the container it describes"],
  [/(^|\/)\.envrc$/, "direnv runs it on entering the folder, where it was allowed"],
  [/(^|\/)\.husky\/./, "git runs it as a hook, where husky was set up"],
  [/(^|\/)\.(npmrc|yarnrc|yarnrc\.yml|pnpmfile\.cjs)$/, "package managers take their settings from it"],
  [/(^|\/)\.pre-commit-config\.yaml$/, "pre-commit runs what it names at each commit"],
  [/(^|\/)(\.?mise\.toml|\.mise\/.|\.tool-versions)/, "mise takes tools and environment from it"],
  [/(^|\/)\.(exrc|vimrc|nvimrc|nvim\.lua|lvimrc)$/, "vim can be set up to run it"],
  [/(^|\/)\.dir-locals(-2)?\.el$/, "Emacs evaluates it"],
  [/(^|\/)\.(gdbinit|lldbinit)$/, "a debugger may run it"],
  [/(^|\/)\.cargo\/config(\.toml)?$/, "cargo runs the programs it names"],
];

/** Hooks of a git directory, wherever it is: of a repository, a submodule, or a bare one. */
export const GIT_HOOK = /(^|\/)[^/]*\.git\/(.+\/)?hooks\/[^/]+(?<!\.sample)$/;

/** Files in git's own format of settings. */
export const GIT_CONFIG = /(^|\/)(config|config\.worktree|\.gitmodules|[^/]*\.?gitconfig)$/;

/** Settings with which git runs a program, or reads more settings. */
const GIT_KEYS: readonly (readonly [key: RegExp, why: string])[] = [
  [/^core\.(fsmonitor|hookspath|sshcommand|pager|editor|askpass|gitproxy|worktree|attributesfile)$/, ""],
  [/^filter\..*\.?(clean|smudge|process)$/, ""],
  [/^diff\.(.*\.)?(textconv|external|command)$/, ""],
  [/^merge\..*\.?driver$/, ""],
  [/^(diff|merge)tool\..*\.?cmd$/, ""],
  [/^credential\.(.*\.)?helper$/, ""],
  [/^include(if)?\.(.*\.)?path$/, "reads more settings from another file"],
  [/^alias\./, ""],
  [/^(gpg\.(.*\.)?program|sequence\.editor|pager\..*|interactive\.difffilter|uploadpack\.packobjectshook)$/, ""],
  [/^(remote\..*\.(uploadpack|receivepack|vcs)|submodule\..*\.update)$/, ""],
  [/^url\..*\.(insteadof|pushinsteadof)$/, "sends git to another address"],
];

/** The dangerous settings in a file of git's format, each once, with what they do. */
export function gitSettings(text: string): { key: string; why: string }[] {
  const found = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[\s*([\w.-]+)(?:\s*"((?:[^"\\]|\\.)*)")?\s*\](.*)$/.exec(line);
    if (header !== null) section = [header[1]?.toLowerCase(), header[2]].filter((part) => part !== undefined).join(".");
    const name = /^\s*([A-Za-z][\w-]*)\s*(=|$|[#;])/.exec(header === null ? line : (header[3] ?? ""))?.[1];
    if (name === undefined) continue;
    const key = `${section}.${name.toLowerCase()}`;
    const why = GIT_KEYS.find(([pattern]) => pattern.test(key))?.[1];
    if (why !== undefined) found.set(key, why || "git may run what it names");
  }
  return [...found].map(([key, why]) => ({ key, why }));
}
