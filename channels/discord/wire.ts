/** Numbers of Discord's API that this adapter uses, and the shapes it sends. */
import type { APIActionRowComponent, APIComponentInMessageActionRow, APIEmbed } from "discord.js";

export type Row = APIActionRowComponent<APIComponentInMessageActionRow>;
export type Embed = APIEmbed;

export const INTERACTION = { command: 2, component: 3, autocomplete: 4, modal: 5 } as const;
export const CALLBACK = { reply: 4, defer: 5, deferUpdate: 6, choices: 8, modal: 9 } as const;
export const COMPONENT = { row: 1, button: 2, select: 3, text: 4, label: 18 } as const;
export const STYLE = { primary: 1, secondary: 2, success: 3, danger: 4 } as const;
export const FLAGS = { suppressEmbeds: 1 << 2, ephemeral: 1 << 6 } as const;
export const COLOURS = { open: 0x5865f2, done: 0x3ba55d, over: 0x747f8d, failed: 0xed4245, waiting: 0xfaa61a } as const;

/** DM, thread (of an announcement channel, public, private); everything else is a channel. */
export const CHANNEL_TYPE = { dm: 1, threads: [10, 11, 12], voice: [2, 13] } as const;

/** Nobody is pinged, whatever the text says. */
export const NO_PINGS = { parse: [] as never[], replied_user: false };

export interface Content {
  content: string;
  embeds: Embed[];
  components: Row[];
  flags: number;
}

export interface File {
  name: string;
  text: string;
}
