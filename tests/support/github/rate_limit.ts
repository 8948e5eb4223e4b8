/** Requests an hour: docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api. */
export interface RateLimits {
  readonly anonymous: number;
  readonly token: number;
}

/** GitHub's figures. */
export const githubRateLimits: RateLimits = { anonymous: 60, token: 5000 };

interface Bucket {
  remaining: number;
  /** Seconds since 1970. */
  reset: number;
}

const HOUR = 3600;

/** Counts API requests of callers with and without a token. */
export class RateLimiter {
  readonly #buckets: Record<keyof RateLimits, Bucket>;

  constructor(readonly limits: RateLimits) {
    const reset = Math.floor(Date.now() / 1000) + HOUR;
    this.#buckets = {
      anonymous: { remaining: limits.anonymous, reset },
      token: { remaining: limits.token, reset },
    };
  }

  /** Sets what is left, and when (seconds from now) it is renewed. */
  set(caller: keyof RateLimits, remaining: number, resetIn = HOUR): void {
    this.#buckets[caller] = { remaining, reset: Math.ceil(Date.now() / 1000 + resetIn) };
  }

  remaining(caller: keyof RateLimits): number {
    return this.#current(caller).remaining;
  }

  /** Takes one request; false when none is left. */
  take(caller: keyof RateLimits): boolean {
    const bucket = this.#current(caller);
    if (bucket.remaining <= 0) return false;
    bucket.remaining--;
    return true;
  }

  /** Gives one back: a 304 to a caller with a token. */
  giveBack(caller: keyof RateLimits): void {
    this.#current(caller).remaining++;
  }

  headers(caller: keyof RateLimits): Record<string, string> {
    const { remaining, reset } = this.#current(caller);
    return {
      "x-ratelimit-limit": String(this.limits[caller]),
      "x-ratelimit-remaining": String(remaining),
      "x-ratelimit-reset": String(reset),
      "x-ratelimit-used": String(this.limits[caller] - remaining),
      "x-ratelimit-resource": "core",
    };
  }

  #current(caller: keyof RateLimits): Bucket {
    const bucket = this.#buckets[caller];
    if (bucket.reset <= Date.now() / 1000) this.set(caller, this.limits[caller]);
    return this.#buckets[caller];
  }
}
