/** How much one caller may ask for. What is beyond is refused before it costs anything. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** Requests may come in bursts: they are counted over so many seconds. */
const WINDOW_SECONDS = 5;
/** Wrong tokens from one address, in a minute. */
const WRONG_TOKENS_A_MINUTE = 20;

export class Limits {
  private readonly requests: RateLimiterMemory | null;
  private readonly wrongTokens = new RateLimiterMemory({
    points: WRONG_TOKENS_A_MINUTE,
    duration: 60,
  });

  /** Requests a second of one caller; 0: as many as they like. */
  constructor(requestsPerSecond: number) {
    this.requests =
      requestsPerSecond === 0
        ? null
        : new RateLimiterMemory({
            points: requestsPerSecond * WINDOW_SECONDS,
            duration: WINDOW_SECONDS,
          });
  }

  /** True: requests need not be counted. */
  get isOff(): boolean {
    return this.requests === null;
  }

  /** Counts a request; answers in how many ms the caller may come again, or null when it may pass. */
  request(caller: string): Promise<number | null> {
    return this.requests === null ? Promise.resolve(null) : taken(this.requests, caller);
  }

  /** Counts a wrong token; answers as {@link request}. */
  wrongToken(address: string): Promise<number | null> {
    return taken(this.wrongTokens, address);
  }
}

async function taken(limiter: RateLimiterMemory, key: string): Promise<number | null> {
  try {
    await limiter.consume(key);
    return null;
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return refused.msBeforeNext;
    throw refused;
  }
}
