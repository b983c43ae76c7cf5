/** What the app must be allowed to do, and why: the manifest it is made from, and what `doctor` says when something is missing. Pure. */

/** Bot scope -> what does not work without it. */
export const SCOPES: Record<string, string> = {
  "app_mentions:read": "mentions in channels are not heard",
  "assistant:write": 'no suggestions and no "is thinking…" where people talk with assistants',
  "channels:history": "public channels and their threads are not heard, and posts cannot be checked for doubles",
  "channels:read": "what was missed in public channels is not fetched, and #names are not found",
  "chat:write": "nothing can be said",
  commands: "/workflow, /pending, /approve, /deny, /answer and /enrol do not exist",
  "files:write": "payloads too large for a window cannot be sent as a file",
  "groups:history": "private channels are not heard",
  "groups:read": "what was missed in private channels is not fetched",
  "im:history": "direct messages are not heard",
  "im:read": "what was missed in direct messages is not fetched",
  "im:write": "nobody can be asked in a direct message",
  "mpim:history": "group messages are not heard",
  "mpim:read": "what was missed in group messages is not fetched",
};

/** Asked for in the manifest; a workspace without a place for assistants lacks nothing else. */
export const OPTIONAL_SCOPES: ReadonlySet<string> = new Set(["assistant:write"]);

export const BOT_EVENTS = [
  "app_home_opened",
  "app_mention",
  "assistant_thread_started",
  "message.channels",
  "message.groups",
  "message.im",
  "message.mpim",
];

const COMMANDS: [command: string, does: string, usage: string][] = [
  ["/workflow", "Start workflows and see how they stand", "run NAME key=value … | status [RUN] | cancel RUN | list"],
  ["/pending", "The questions that wait for you", " "],
  ["/approve", "Approve a question", "CODE [reason]"],
  ["/deny", "Deny a question", "CODE [reason]"],
  ["/answer", "Choose an option or answer in words", "CODE OPTION"],
  ["/enrol", "A code that links your phone or another account", "CHANNEL [PERSON]"],
];

/** What one may ask, where Slack shows suggestions: at most four. */
export const PROMPTS = [
  { title: "What waits for me?", message: "What is waiting for me?" },
  { title: "Which workflows are there?", message: "Which workflows can I start?" },
  { title: "How do my runs stand?", message: "What is the status of my runs?" },
  { title: "What can you do?", message: "What can you do for me?" },
];

/** `publicUrl` null: Socket Mode, which needs no address of its own. */
export function slackManifest({ name = "Factory", publicUrl }: { name?: string; publicUrl: string | null }) {
  const requestUrl = publicUrl === null ? {} : { request_url: `${publicUrl}/slack/events` };
  const commandUrl = publicUrl === null ? {} : { url: `${publicUrl}/slack/events` };
  return {
    _metadata: { major_version: 1, minor_version: 1 },
    display_information: {
      name,
      description: "Durable approvals and workflows, answered where you are",
      long_description: [
        "Talk with the Factory Manager, start workflows and answer the questions they stop at.",
        "A question waits as long as it has to, goes on exactly once when the right person answers,",
        "and every copy of it, here and elsewhere, tells the same story.",
      ].join(" "),
      background_color: "#1f2a44",
    },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      assistant_view: {
        assistant_description: "Starts workflows, tells how they stand, and asks you what only you can decide.",
        suggested_prompts: PROMPTS,
      },
      bot_user: { display_name: name.toLowerCase(), always_online: true },
      slash_commands: COMMANDS.map(([command, description, usage]) => ({
        ...{ command, ...commandUrl, description },
        ...(usage.trim() === "" ? {} : { usage_hint: usage }),
        should_escape: false,
      })),
    },
    oauth_config: { scopes: { bot: Object.keys(SCOPES) } },
    settings: {
      event_subscriptions: { ...requestUrl, bot_events: BOT_EVENTS },
      interactivity: { is_enabled: true, ...requestUrl },
      org_deploy_enabled: false,
      socket_mode_enabled: publicUrl === null,
      token_rotation_enabled: false,
    },
  };
}
