import { chat } from "./chat.ts";
import { conversations } from "./conversations.ts";
import { files } from "./files.ts";
import type { Methods } from "./method.ts";
import { people } from "./people.ts";
import { streams } from "./streams.ts";
import { views } from "./views.ts";

export const METHODS: Methods = { ...people, ...chat, ...streams, ...conversations, ...files, ...views };
