type Kind<T extends Element> = new () => T;
/** An element of the page. */
export function element<T extends Element>(id: string, kind: Kind<T>): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} ${id}`);
}
/** Writes only what has changed, so that nothing is read out or laid out twice. */
export function write(id: string, text: string): void {
  const target = element(id, Element);
  if (target.textContent !== text) target.textContent = text;
}
export const show = (id: string, shown: boolean): void => void element(id, Element).toggleAttribute("hidden", !shown);

type Attributes = Readonly<Record<string, string | number>>;
const SVG = "http://www.w3.org/2000/svg";
/** Part of a drawing. */
export function drawn(name: string, attributes: Attributes, ...children: readonly (Node | string)[]): SVGElement {
  return filled(document.createElementNS(SVG, name) as SVGElement, attributes, children);
}
/** Part of the text. */
export function part(name: string, attributes: Attributes, ...children: readonly (Node | string)[]): HTMLElement {
  return filled(document.createElement(name), attributes, children);
}
function filled<T extends Element>(target: T, attributes: Attributes, children: readonly (Node | string)[]): T {
  for (const [name, value] of Object.entries(attributes)) target.setAttribute(name, String(value));
  target.append(...children);
  return target;
}
