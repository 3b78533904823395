// Imported before pi, which reads some of this while it is loaded.
/** Where the image keeps what pi reads of its own package: its name and version. */
process.env["PI_PACKAGE_DIR"] = "/usr/lib/piwork/pi";
process.env["PI_CODING_AGENT_DIR"] = "/home/task/.pi/agent";
/** It looks for no newer version, sends no report, and downloads no tools: they are in the image. */
process.env["PI_OFFLINE"] = "1";
process.env["PI_SKIP_VERSION_CHECK"] = "1";
process.env["PI_TELEMETRY"] = "0";
