/** The dashboard in a real browser, while it is watched for what makes a page stutter or grow. */
import { chromium } from 'playwright';
import type { Browser, CDPSession, Page } from 'playwright';

/** Nothing on the main thread should take longer, ms: three frames. */
export const LONG_TASK_MS = 50;

/** An event of Chromium's trace; `tdur` is the thread's processor time, microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}
const TASK = 'ThreadControllerImpl::RunTask';

/** Runs in the page. */
const WATCH_TASKS = `
  globalThis.__longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.__longTasks.push(duration);
  }).observe({ type: 'longtask' });
`;
const TAKE_TASKS = 'globalThis.__longTasks.splice(0)';

export class OpenPage {
  private readonly browser: Browser;
  private readonly page: Page;
  private readonly devtools: CDPSession;

  private constructor(browser: Browser, page: Page, devtools: CDPSession) {
    this.browser = browser;
    this.page = page;
    this.devtools = devtools;
  }

  /** Resolves when the page says that its stream is alive. */
  static async open(url: string, executablePath: string): Promise<OpenPage> {
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript({ content: WATCH_TASKS });
    await page.goto(url);
    await page.locator('[data-conn="live"]').first().waitFor();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    return new OpenPage(browser, page, devtools);
  }

  /** Tasks of the main thread longer than {@link LONG_TASK_MS} since the last call, ms each. */
  takeLongTasks(): Promise<number[]> {
    return this.page.evaluate<number[]>(TAKE_TASKS);
  }

  /**
   * Processor time of each task of the main thread while `run` goes on, ms. What a
   * task waits for a processor that others have taken is not in it.
   */
  async taskTimes(run: () => Promise<void>): Promise<number[]> {
    await this.browser.startTracing(this.page, { categories: ['toplevel'] });
    await run();
    const trace = await this.browser.stopTracing();
    const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
    const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
    const mains = new Set(
      traceEvents.filter(({ args }) => args?.name === 'CrRendererMain').map(threadOf),
    );
    return traceEvents
      .filter((event) => event.name === TASK && mains.has(threadOf(event)))
      .map(({ tdur = 0 }) => tdur / 1000);
  }

  /** Bytes of the heap in use, garbage taken out. */
  async heapBytes(): Promise<number> {
    await this.devtools.send('HeapProfiler.collectGarbage');
    return this.metric('JSHeapUsedSize');
  }

  /** Seconds that the main thread has worked since the page was opened. */
  workedSeconds(): Promise<number> {
    return this.metric('TaskDuration');
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  private async metric(name: string): Promise<number> {
    const { metrics } = await this.devtools.send('Performance.getMetrics');
    return metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  }
}
