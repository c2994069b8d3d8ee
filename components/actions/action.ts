/** What a person can do, as data: the keys, the help and the palette all read it. */
import type { Call } from '../../client/curl.ts';
import type { ClusterView } from '../../contracts/view.ts';
import type { Faults } from '../cluster/use-faults.ts';
import type { ThemeChoice } from '../cluster/theme.ts';
import type { PageId } from '../nav/pages.ts';
import type { Show } from '../present/present-address.ts';

/** In the order of the palette. */
export const GROUPS = ['Cluster', 'Nodes', 'Links', 'Data', 'View', 'Pages', 'Found'] as const;
export type ActionGroup = (typeof GROUPS)[number];

export interface Action {
  /** Kebab-case; the same for the same thing at all times. */
  readonly id: string;
  readonly title: string;
  /** Further words that lead to it in the palette. */
  readonly words: string;
  readonly group: ActionGroup;
  /** As on the keyboard: "K", "?", "PageUp", "Ctrl K". Only where it works now. */
  readonly keys?: string | null;
  /** Why it cannot be done now; null when it can. */
  readonly because: string | null;
  /** What it asks of the API, for "Copy as curl". */
  readonly calls?: readonly Call[];
  run(does: Abilities): void;
}

/** What decides which actions there are, and which are barred. */
export interface Situation {
  readonly view: ClusterView | null;
  /** Why nothing can be sent now. */
  readonly disabled: string | null;
  readonly page: PageId;
  /** The node that holds the focus. */
  readonly selected: string | null;
  readonly presenting: Show | null;
}

/** What actions are made of. */
export interface Abilities {
  readonly faults: Faults;
  go(href: string): void;
  /** Sets the focus; on the page at `href`, if it is not here. */
  focus(selector: string, href: string): void;
  /** Presses the button of this page with that `data-action`. */
  press(action: string): void;
  /** Begins to draw a line that cuts links, or ends it. */
  drawCut(): void;
  theme(choice: ThemeChoice | 'other'): void;
  /** Begins a presentation, or shows another part of it; null ends it. */
  present(show: Show | null): void;
  open(what: 'palette' | 'help'): void;
  /** What nodes did and said while the cluster was slowed. */
  openTrace(): void;
}
