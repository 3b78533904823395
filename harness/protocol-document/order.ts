/** Order of answers and events. */
export const ORDER = `
Within one taskd, in the order of the lines:
- **\`switch_task\`**: its answer, \`task_switch_started\`, then exactly one of \`task_ready\` and \`task_error\` (\`during\`: \`switch\`).
- **\`prompt\`**: its answer, any number of \`agent_output\` and \`extension_ui_request\`, then exactly one of \`agent_end\` and
  \`task_error\` (\`during\`: \`prompt\`), whatever the agent does: it may refuse the prompt (\`INVALID_REQUEST\`), hang,
  or die (\`PI_PROCESS_DEAD\`).
- **\`system_bash\`**: any number of \`exec_output\`, then its answer. \`stdoutBytes\` and \`stderrBytes\` are the sizes of this output.
- **\`stop_task\`**: the \`task_error\` of a prompt in flight, \`task_stopped\`, then its answer.
- A refused \`switch_task\` or \`prompt\` has no events.

\`requestId\` of these events is the id of the request. \`task_bootstrap_state\` comes whenever an agent is started, and
\`runtime_warning\` at any time. One prompt is in flight per task; a second is refused with \`TASK_BUSY\`. taskd sends the events of
every task, active or not.

\`saved\` of \`agent_end\` is true if the session file has the turn. If it is false, the turn would be lost with the agent, and an
earlier \`runtime_warning\` gives the reason.

When a machine ends by itself, the runtime itself sends the \`task_error\` of each open task.`;
