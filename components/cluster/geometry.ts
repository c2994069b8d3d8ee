/** Where nodes stand on the stage, and the lanes between them. Places never change with role: eyes learn positions. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The stage's own units; it is drawn to fit whatever box it gets. */
export const STAGE = { width: 824, height: 452 } as const;
export const CARD = { width: 288, height: 138 } as const;
const MARGIN = 12;
/** Distance of each lane from the middle of its link. */
const LANE_OFFSET = 7;

/** Centres of the cards, the first at the top, then clockwise. */
export function placeNodes(ids: readonly string[]): ReadonlyMap<string, Point> {
  const middle = { x: STAGE.width / 2, y: STAGE.height / 2 };
  const reach = {
    x: STAGE.width / 2 - CARD.width / 2 - MARGIN,
    y: STAGE.height / 2 - CARD.height / 2 - MARGIN,
  };
  return new Map(
    ids.map((id, i) => {
      if (ids.length === 1) return [id, middle];
      const angle = (2 * Math.PI * i) / ids.length - Math.PI / 2;
      // Stretched to the corners, so that three stand as wide as the stage allows.
      const x = Math.max(-1, Math.min(1, Math.cos(angle) * 1.16));
      const y = Math.max(-1, Math.min(1, Math.sin(angle) * (Math.sin(angle) > 0 ? 2 : 1)));
      return [id, { x: middle.x + x * reach.x, y: middle.y + y * reach.y }];
    }),
  );
}

/** The lane from `a` to `b`: beside the middle line, on the right hand of the traveller. */
export function lane(a: Point, b: Point): readonly [Point, Point] {
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const dx = (-(b.y - a.y) / length) * LANE_OFFSET;
  const dy = ((b.x - a.x) / length) * LANE_OFFSET;
  return [
    { x: a.x + dx, y: a.y + dy },
    { x: b.x + dx, y: b.y + dy },
  ];
}
