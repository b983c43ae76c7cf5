/** Acts as a person in the simulated Discord and reads what that person sees. Every act resolves with what Discord shows at its end. */
import { type Drawn, type DrawnModal, draw, drawModal } from "./draw.ts";
import { compareIds } from "./ids.ts";
import type { Interactions } from "./interactions.ts";
import { linkNames, mentionsIn } from "./mentions.ts";
import { type DiscordChannel, DiscordError, type DiscordInteraction, type DiscordMessage, type Wire } from "./types.ts";
import type { World } from "./world.ts";

/** `error`: what Discord tells the person, for example "The application did not respond". */
export interface Outcome {
  ok: boolean;
  error: string | null;
  modal: DrawnModal | null;
  choices: { name: string; value: string }[] | null;
}

export interface DiscordPerson {
  id: string;
  /** `#eng`, `eng`, `dm` or an id. */
  channel(name: string): DiscordChannel;
  say(channel: string, text: string, options?: { replyTo?: string }): string;
  edit(channel: string, id: string, text: string): void;
  delete(channel: string, id: string): void;
  openThread(channel: string, name: string, from?: string): string;
  /** Oldest first, with what only this person sees. */
  messages(channel: string): Drawn[];
  threads(channel: string): { id: string; name: string | null }[];
  /** The bot is shown as typing there. */
  typing(channel: string): boolean;
  /** By label or custom id. */
  press(channel: string, message: string, button: string): Promise<Outcome>;
  choose(channel: string, message: string, select: string, value: string): Promise<Outcome>;
  /** `command("#eng", "workflow run", { name: "deploy" })` */
  command(channel: string, name: string, options?: Record<string, string>): Promise<Outcome>;
  /** What is suggested while `option` is being typed. */
  complete(channel: string, name: string, option: string, typed: string): Promise<{ name: string; value: string }[]>;
  /** The modal that stands open. */
  modal(): DrawnModal | null;
  /** By custom id. What is not named keeps its value. Required fields have to have one. */
  submit(values: Record<string, string>): Promise<Outcome>;
  closeModal(): void;
}

export interface PersonOptions {
  world: World;
  interactions: Interactions;
  user: string;
  /** Of every person: the interaction whose modal stands open. */
  modals: Map<string, string>;
}

export function createPerson({ world, interactions, user: id, modals }: PersonOptions): DiscordPerson {
  const find = (name: string): DiscordChannel => {
    if (name === "dm") return world.dmWith(id);
    const bare = name.replace(/^#/, "");
    const found = world.channels.get(bare) ?? world.channels.values().find((channel) => channel.name === bare);
    if (found === undefined || (found.kind === "dm" && found.recipientId !== id))
      throw new DiscordError(404, 10003, "Unknown Channel");
    return found;
  };
  const visible = (channelId: string): DiscordMessage[] =>
    world.messages
      .values()
      .filter((one) => one.channelId === channelId && (one.onlyTo === null || one.onlyTo === id))
      .sort((a, b) => compareIds(a.id, b.id));

  const outcome = ({ id: interactionId, answered, failed, modal, choices }: DiscordInteraction): Outcome => {
    if (modal !== null) modals.set(id, interactionId);
    const drawn = modal === null ? null : drawModal(interactionId, modal);
    return { ok: answered !== null && failed === null, error: failed, modal: drawn, choices };
  };
  const wait = async (interaction: DiscordInteraction): Promise<Outcome> =>
    outcome(await interactions.answered(interaction.id));

  function componentOf(
    channel: string,
    message: string,
    wanted: string,
    type: number,
  ): { at: DiscordMessage; one: Wire } {
    const at = visible(find(channel).id).find((one) => one.id === message);
    const rows = (at?.components ?? []).flatMap((row) => row.components as Wire[]);
    const one = rows.find((component) => {
      return component.type === type && (component.custom_id === wanted || component.label === wanted);
    });
    if (at === undefined || one === undefined) throw new DiscordError(404, 0, `there is no "${wanted}" to press`);
    if (one.disabled === true) throw new DiscordError(400, 0, `"${wanted}" is disabled`);
    return { at, one };
  }

  function commandData(name: string, given: Record<string, string>, focused?: string): Wire {
    const [word = "", ...subs] = name.replace(/^\//, "").split(" ");
    const command = world.commands.values().find((one) => one.body.name === word);
    if (command === undefined) throw new DiscordError(404, 0, `there is no command /${word}`);
    const options = (of: Wire): Wire[] => (of.options ?? []) as Wire[];
    const values = (of: Wire): Wire[] => {
      for (const wanted of options(of)) {
        const missing = wanted.required === true && given[String(wanted.name)] === undefined;
        if (missing && focused === undefined) throw new DiscordError(400, 0, `"${String(wanted.name)}" is required`);
      }
      return Object.entries(given).map(([key, value]) => {
        const type = options(of).find((one) => one.name === key)?.type;
        if (type === undefined) throw new DiscordError(400, 0, `/${name} has no option "${key}"`);
        return {
          name: key,
          type,
          value: type === 4 ? Number(value) : value,
          ...(key === focused ? { focused: true } : {}),
        };
      });
    };
    const base = { id: command.id, name: word, type: 1 };
    const sub = options(command.body).find((one) => one.type === 1 && one.name === subs[0]);
    if (sub !== undefined) return { ...base, options: [{ name: sub.name, type: 1, options: values(sub) }] };
    if (options(command.body).some((one) => one.type === 1))
      throw new DiscordError(400, 0, `/${word} needs one of its subcommands`);
    return { ...base, options: values(command.body) };
  }

  const own = (channel: string, message: string): DiscordMessage => {
    const found = world.message(find(channel).id, message);
    if (found.authorId !== id) throw new DiscordError(403, 50005, "Cannot edit a message authored by another user");
    return found;
  };
  const linked = (text: string): string => linkNames(text, world.users.values());
  const named = (content: string): string[] => mentionsIn(content, world.users.values());

  const person: DiscordPerson = {
    id,
    channel: find,
    say(channel, text, options = {}) {
      const content = linked(text);
      const replyTo = options.replyTo ?? null;
      const mentions = named(content);
      // A reply pings whom it answers.
      const answered = replyTo === null ? undefined : world.messages.get(replyTo)?.authorId;
      if (answered !== undefined && answered !== id && !mentions.includes(answered)) mentions.push(answered);
      return world.addMessage({ channelId: find(channel).id, authorId: id, content, mentions, replyTo }).id;
    },
    edit(channel, message, text) {
      const content = linked(text);
      const change = { content, mentions: named(content), editedAt: world.clock.now() };
      world.changeMessage(own(channel, message), change);
    },
    delete: (channel, message) => world.deleteMessage(own(channel, message)),
    openThread: (channel, name, from) => world.openThread(find(channel), { name, ownerId: id, from: from ?? null }).id,
    messages: (channel) => visible(find(channel).id).map((message) => draw(world, message, id)),
    threads: (channel) =>
      world.channels
        .values()
        .filter((one) => one.kind === "thread" && one.parentId === find(channel).id)
        .map((one) => ({ id: one.id, name: one.name })),
    typing: (channel) => (world.typing.get(find(channel).id) ?? 0) > world.clock.now(),
    async press(channel, message, button) {
      const { at, one } = componentOf(channel, message, button, 2);
      const data = { component_type: 2, custom_id: one.custom_id, id: 1 };
      return await wait(interactions.begin({ type: 3, userId: id, channelId: at.channelId, data, messageId: at.id }));
    },
    async choose(channel, message, select, value) {
      const { at, one } = componentOf(channel, message, select, 3);
      const data = { component_type: 3, custom_id: one.custom_id, id: 1, values: [value] };
      return await wait(interactions.begin({ type: 3, userId: id, channelId: at.channelId, data, messageId: at.id }));
    },
    async command(channel, name, options = {}) {
      const data = commandData(name, options);
      return await wait(interactions.begin({ type: 2, userId: id, channelId: find(channel).id, data }));
    },
    async complete(channel, name, option, typed) {
      const data = commandData(name, { [option]: typed }, option);
      return (await wait(interactions.begin({ type: 4, userId: id, channelId: find(channel).id, data }))).choices ?? [];
    },
    modal() {
      const open = world.interactions.get(modals.get(id) ?? "");
      return open?.modal == null ? null : drawModal(open.id, open.modal);
    },
    async submit(values) {
      const open = world.interactions.get(modals.get(id) ?? "");
      if (open?.modal == null) throw new DiscordError(400, 0, "no modal is open");
      const { fields, customId } = drawModal(open.id, open.modal);
      const components = fields.map((field) => {
        const value = values[field.customId] ?? field.value;
        if (field.required && value === "") throw new DiscordError(400, 0, `"${field.label}" is required`);
        const filled =
          field.kind === "select"
            ? { type: 3, id: 3, custom_id: field.customId, values: value === "" ? [] : [value] }
            : { type: 4, id: 3, custom_id: field.customId, value };
        return { type: 18, id: 2, component: filled };
      });
      const data = { custom_id: customId, components };
      const interaction = interactions.begin({
        type: 5,
        userId: id,
        channelId: open.channelId,
        data,
        messageId: open.messageId,
      });
      const result = await wait(interaction);
      // Discord keeps the modal with what was typed when nobody answers.
      if (result.ok) modals.delete(id);
      return result;
    },
    closeModal: () => void modals.delete(id),
  };
  return person;
}
