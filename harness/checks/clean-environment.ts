// The suites' environment is the same whoever runs them: imported before anything else by all that runs checks.

/** Variables that are kept: where programs, places and package servers are, and choices for a run. */
const KEPT =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|CI|XDG_(CACHE|STATE)_HOME|XDG_RUNTIME_DIR|PIWORK_\w+|npm_config_(registry|userconfig|cache)|(https?|no)_proxy|SSL_CERT_\w+|NODE_EXTRA_CA_CERTS)$/i;

/** One language and time zone; git as it is without anybody's settings, also in a checkout of another user. */
const FIXED = {
  LC_ALL: "C.UTF-8",
  TZ: "UTC",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "safe.directory",
  GIT_CONFIG_VALUE_0: "*",
};

for (const name of Object.keys(process.env)) if (!KEPT.test(name)) delete process.env[name];
Object.assign(process.env, FIXED);
process.umask(0o022);
