/** How a text is cut into parts on the air: GSM-7 where every character is in its alphabet, else UCS-2. */

const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/** Behind an escape: two septets each. */
const EXTENDED = "\f^{}\\[~]|€";

export interface Segments {
  encoding: "GSM-7" | "UCS-2";
  count: number;
}

export function segmentsOf(text: string): Segments {
  let septets = 0;
  for (const character of text) {
    if (BASIC.includes(character)) septets += 1;
    else if (EXTENDED.includes(character)) septets += 2;
    else return ucs2(text);
  }
  if (septets <= 160) return { encoding: "GSM-7", count: 1 };
  // An escape is never parted from its character, so parts may end one septet early.
  let parts = 1;
  let used = 0;
  for (const character of text) {
    const size = BASIC.includes(character) ? 1 : 2;
    if (used + size > 153) {
      parts++;
      used = 0;
    }
    used += size;
  }
  return { encoding: "GSM-7", count: parts };
}

function ucs2(text: string): Segments {
  if (text.length <= 70) return { encoding: "UCS-2", count: 1 };
  let parts = 1;
  let used = 0;
  for (const character of text) {
    if (used + character.length > 67) {
      parts++;
      used = 0;
    }
    used += character.length;
  }
  return { encoding: "UCS-2", count: parts };
}
