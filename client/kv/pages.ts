/**
 * An answer of many rows, which comes page by page as it is read. All pages are of
 * one view: that of the first one, whatever is written meanwhile. Each iteration
 * asks anew.
 */

export class Pages<Item, Page extends { readonly next: string | null }>
  implements AsyncIterable<Item>
{
  private readonly ask: (cursor: string | undefined) => Promise<Page>;
  private readonly itemsOf: (page: Page) => AsyncIterable<Item> | Iterable<Item>;

  constructor(
    ask: (cursor: string | undefined) => Promise<Page>,
    itemsOf: (page: Page) => AsyncIterable<Item> | Iterable<Item>,
  ) {
    this.ask = ask;
    this.itemsOf = itemsOf;
  }

  /** Item by item; the next page is asked for when it is needed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, void> {
    for await (const page of this.pages()) yield* this.itemsOf(page);
  }

  /** Page by page, with the coordinates of the view and who answered. A page may be short, even empty, and not be the last one. */
  async *pages(): AsyncGenerator<Page, void, void> {
    let cursor: string | undefined;
    do {
      const page = await this.ask(cursor);
      yield page;
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** All of them at once, in memory. */
  async all(): Promise<Item[]> {
    const items: Item[] = [];
    for await (const item of this) items.push(item);
    return items;
  }
}
