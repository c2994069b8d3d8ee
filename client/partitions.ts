/** Ways to split a cluster in two, each under a name. */

/** From more nodes on, only single ones are split off: all splits would fill no menu. */
const MOST_SPLIT_FULLY = 5;

export type Split = readonly [readonly string[], readonly string[]];

/** The smaller side first, each split once, smaller sides before greater ones. */
export function splitsOf(nodes: readonly string[]): readonly Split[] {
  const most = nodes.length <= MOST_SPLIT_FULLY ? Math.floor(nodes.length / 2) : 1;
  const splits: Split[] = [];
  for (let size = 1; size <= most && size < nodes.length; size++) {
    for (const side of choose(nodes, size)) {
      const rest = nodes.filter((id) => !side.includes(id));
      // Of two halves, the one with the first node names the split.
      if (side.length < rest.length || side[0] === nodes[0]) splits.push([side, rest]);
    }
  }
  return splits;
}

export function splitName(split: Split): string {
  return split.map((side) => side.join(' ')).join(' | ');
}

function choose(from: readonly string[], count: number): readonly (readonly string[])[] {
  if (count === 0) return [[]];
  return from.flatMap((first, i) =>
    choose(from.slice(i + 1), count - 1).map((rest) => [first, ...rest]),
  );
}

/** The links between the sides. */
export function pairsBetween([a, b]: Split): readonly (readonly [string, string])[] {
  return a.flatMap((from) => b.map((to) => [from, to] as const));
}
