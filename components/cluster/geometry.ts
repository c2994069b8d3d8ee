/**
 * Where nodes stand on the stage, and the lanes between them. Places never
 * change with role: eyes learn positions. A place is told in parts of the room
 * that is left around a card, so that the style sheet and the drawing agree at
 * every size of the stage.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** From the middle: -1 is as far left or up as a whole card may stand, 1 as far right or down. */
export type Place = Point;

/** A straight way between two cards, on the right hand of the traveller. */
export interface Lane {
  readonly from: Point;
  readonly to: Point;
  /** Direction of travel, degrees. */
  readonly angle: number;
}

/** Between the cards and the edge of the stage, px. */
export const STAGE_MARGIN_PX = 14;
/** Distance of each lane from the middle of its link, px. */
const LANE_OFFSET_PX = 6;

/** How much of each node there is room for. */
export type Density = 'full' | 'compact' | 'small';

export function densityOf(nodes: number): Density {
  if (nodes <= 4) return 'full';
  return nodes === 5 ? 'compact' : 'small';
}

const CORNERS: readonly Place[] = [
  { x: -0.95, y: -1 },
  { x: 0.95, y: -1 },
  { x: 0.95, y: 1 },
  { x: -0.95, y: 1 },
];

/** Five stand in rows that leave each other room. */
const PENTAGON: readonly Place[] = [
  { x: 0, y: -1 },
  { x: 1, y: 0 },
  { x: 0.6, y: 1 },
  { x: -0.6, y: 1 },
  { x: -1, y: 0 },
];

/** The first node stands at the top, the others clockwise; four take the corners. */
export function placeNodes(ids: readonly string[]): ReadonlyMap<string, Place> {
  return new Map(
    ids.map((id, i) => {
      if (ids.length === 1) return [id, { x: 0, y: 0 }];
      const fixed = [CORNERS, PENTAGON].find((places) => places.length === ids.length)?.[i];
      if (fixed !== undefined) return [id, fixed];
      const angle = (2 * Math.PI * i) / ids.length - Math.PI / 2;
      // Stretched to the corners, so that three stand as wide as the stage allows.
      const x = clamp(Math.cos(angle) * 1.16);
      const y = clamp(Math.sin(angle) * (Math.sin(angle) > 0 ? 2 : 1));
      return [id, { x, y }];
    }),
  );
}

/** Centre of a card at `place`, px from the stage's upper left corner. */
export function centreOf(place: Place, stage: Size, card: Size): Point {
  return {
    x: stage.width / 2 + place.x * (stage.width / 2 - card.width / 2 - STAGE_MARGIN_PX),
    y: stage.height / 2 + place.y * (stage.height / 2 - card.height / 2 - STAGE_MARGIN_PX),
  };
}

/** The lane from the card centred at `a` to the one at `b`, from edge to edge. */
export function laneBetween(a: Point, b: Point, card: Size): Lane {
  const length = Math.max(1, Math.hypot(b.x - a.x, b.y - a.y));
  const along = { x: (b.x - a.x) / length, y: (b.y - a.y) / length };
  const aside = { x: -along.y * LANE_OFFSET_PX, y: along.x * LANE_OFFSET_PX };
  const out = wayOut(along, aside, card);
  const back = wayOut({ x: -along.x, y: -along.y }, aside, card);
  return {
    from: { x: a.x + aside.x + along.x * out, y: a.y + aside.y + along.y * out },
    to: { x: b.x + aside.x - along.x * back, y: b.y + aside.y - along.y * back },
    angle: (Math.atan2(along.y, along.x) * 180) / Math.PI,
  };
}

/** The point at `part` of the way along the link that the two lanes make. */
export function alongLink(there: Lane, back: Lane, part: number): Point {
  const start = middle(there.from, back.to);
  const end = middle(there.to, back.from);
  return { x: start.x + (end.x - start.x) * part, y: start.y + (end.y - start.y) * part };
}

/** Whether the stroke from `a` to `b` crosses the lane. */
export function crosses(a: Point, b: Point, { from, to }: Lane): boolean {
  return side(a, b, from) !== side(a, b, to) && side(from, to, a) !== side(from, to, b);
}

/** On which side of the line from `a` to `b` the point lies. */
function side(a: Point, b: Point, point: Point): number {
  return Math.sign((b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x));
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

/** How far from a card's centre, moved aside, its edge is in this direction. */
function wayOut(direction: Point, aside: Point, card: Size): number {
  const toSide =
    direction.x === 0
      ? Number.POSITIVE_INFINITY
      : (card.width / 2 - Math.sign(direction.x) * aside.x) / Math.abs(direction.x);
  const toTop =
    direction.y === 0
      ? Number.POSITIVE_INFINITY
      : (card.height / 2 - Math.sign(direction.y) * aside.y) / Math.abs(direction.y);
  return Math.min(toSide, toTop);
}

function clamp(part: number): number {
  return Math.max(-1, Math.min(1, part));
}
