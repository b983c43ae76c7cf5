/** Elements from values. Text is always a text node: nothing anybody wrote is ever read as HTML. */

/**
 * `h("button", {class: "x", onclick: f}, "words", child)`. Properties that begin with `on` are listeners, `dataset` and the rest
 * are attributes; false, null and undefined are left out, among the children too.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...flatten(children));
  return element;
}

const flatten = (children) =>
  children.flat(Number.POSITIVE_INFINITY).filter((child) => child !== null && child !== undefined && child !== false);

/**
 * Makes `parent` hold what `items` say, and leaves alone what has not changed, so that focus, selection and opened menus stay.
 * `keyOf` names an item, `draw` makes its element; an item is drawn again when its JSON has changed.
 */
export function keyed(parent, items, keyOf, draw) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const said = JSON.stringify(item);
    let element = before.get(key);
    if (element === undefined || element.said !== said) {
      const fresh = draw(item);
      fresh.dataset.key = key;
      fresh.said = said;
      if (element === undefined) parent.insertBefore(fresh, place);
      else {
        if (place === element) place = fresh;
        element.replaceWith(fresh);
      }
      element = fresh;
    } else if (element !== place) parent.insertBefore(element, place);
    before.delete(key);
    place = element.nextElementSibling;
  }
  for (const gone of before.values()) gone.remove();
}

/** An address that may be opened, or null. */
export const safeUrl = (url) => (/^(https?:\/\/|mailto:|tel:)/i.test(url ?? "") ? url : null);
