/** The app's home: my open questions and my runs (O2). Pure. */
import type { HomeView as SlackHome } from "@slack/types";
import type { ApprovalCard } from "../../src/contract/approval.ts";
import type { HomeView } from "../../src/contract/lookups.ts";
import { type Block, clipEscaped, header, plain, small, smallMarked, words } from "./blocks.ts";
import { actionId } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { dateMark, escaped } from "./mrkdwn.ts";
import { renderCard } from "./render_card.ts";

/** A question takes up to five blocks of the hundred. */
const MAX_QUESTIONS = 12;

export function renderHome(home: HomeView, handle: string): SlackHome {
  return { type: "home", blocks: blocks(home, handle).slice(0, LIMITS.modalBlocks) };
}

function blocks(home: HomeView, handle: string): Block[] {
  if (home.person === null) {
    return [
      header("Welcome"),
      words(`I do not know you yet. The owner of this factory can add you with: factory people link NAME ${handle}`),
    ];
  }
  const shown = home.questions.slice(0, MAX_QUESTIONS);
  const hidden = home.questions.length - shown.length;
  return [
    header(`Questions for ${home.person}`),
    ...(shown.length === 0 ? [words("Nothing is waiting for you.")] : shown.flatMap(question)),
    ...(hidden > 0 ? [small(`${hidden} more: /pending lists them`)] : []),
    { type: "divider" },
    header("Your runs"),
    ...(home.runs.length === 0 ? [words("You have started none. /workflow list shows what can be started.")] : []),
    ...home.runs.flatMap(({ title, status, runId, startedAt }): Block[] => [
      words(`${title}: ${status}`, 600),
      smallMarked(`run ${escaped(clipEscaped(runId, 100))} · started ${dateMark(startedAt)}`),
    ]),
  ];
}

/** The question, and the same buttons as on its card. Block ids are made unique by the approval's. */
function question(card: ApprovalCard): Block[] {
  const answers = renderCard(card).blocks.filter((block) => block.type === "actions" && block.block_id !== "all");
  const about = card.code === null ? card.context : `${card.code} · ${card.context}`;
  return [
    {
      ...words(card.question, 600),
      accessory: {
        type: "button",
        action_id: actionId("open"),
        text: plain("View all", LIMITS.buttonText),
        value: card.approvalId,
      },
    },
    small(about, 300),
    ...answers.map((block, index) => ({ ...block, block_id: `answers.${card.approvalId}.${index}` })),
  ];
}
