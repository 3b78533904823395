/** Which event comes before which. */
export const ORDER = `
Within one taskd, in the order of the lines:
- **\`switch_task\`**: its answer, \`task_switch_started\`, then exactly one of \`task_ready\` and \`task_error\` (\`during\`: \`switch\`).
- **\`prompt\`**: its answer, any number of \`agent_output\` and \`extension_ui_request\`, then exactly one of \`agent_end\` and
  \`task_error\` (\`during\`: \`prompt\`), whatever the agent does: it may refuse the prompt (\`INVALID_REQUEST\`), hang,
  or die (\`PI_PROCESS_DEAD\`).
- **\`system_bash\`**: any number of \`exec_output\`, then its answer. \`stdoutBytes\` and \`stderrBytes\` are the sums of what came.
- **\`stop_task\`**: the \`task_error\` of a prompt in flight, \`task_stopped\`, then its answer.
- A \`switch_task\` or \`prompt\` that is refused has no events.

\`requestId\` of these events is the id of the request. \`task_bootstrap_state\` comes wherever an agent is started, and
\`runtime_warning\` anywhere. One prompt is in flight per task; a second is refused with \`TASK_BUSY\`. Events of every task
are sent, active or not.

\`agent_end\` says with \`saved\` whether the session file has the turn: false means that it would be lost with the agent, and
a \`runtime_warning\` before it says why.

When a machine ends by itself, the runtime gives its readers the \`task_error\` of every open task that taskd could not send.`;
