/** Which nodes lie on a cycle, each with the others of its knot (strongly connected component). Tarjan, without recursion. */
export function knots(ids: Iterable<string>, targets: (id: string) => readonly string[]): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];
  const enter = (id: string) => {
    order.set(id, order.size);
    low.set(id, order.get(id)!);
    stack.push(id);
    onStack.add(id);
    return { id, next: 0, targets: targets(id) };
  };
  for (const root of ids) {
    if (order.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = top.targets[top.next++];
      if (target !== undefined) {
        if (!order.has(target)) path.push(enter(target));
        else if (onStack.has(target)) low.set(top.id, Math.min(low.get(top.id)!, order.get(target)!));
        continue;
      }
      path.pop();
      const before = path.at(-1);
      if (before) low.set(before.id, Math.min(low.get(before.id)!, low.get(top.id)!));
      if (low.get(top.id) !== order.get(top.id)) continue;
      const knot = stack.splice(stack.indexOf(top.id));
      for (const id of knot) onStack.delete(id);
      if (knot.length > 1 || targets(top.id).includes(top.id)) found.push(knot);
    }
  }
  return found;
}
