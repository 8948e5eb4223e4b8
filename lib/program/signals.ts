/** Why the program was aborted: the user or the system asked it to stop. */
export class SignalInterrupt extends Error {
  override readonly name = "SignalInterrupt";
  /** 128 + N, as shells report it. */
  readonly exitCode: number;

  constructor(readonly signal: Deno.Signal) {
    super(`stopped by ${signal}`);
    this.exitCode = 128 + (NUMBERS[signal] ?? 0);
  }
}

/** signal(7), the same on every architecture we build for. */
const NUMBERS: Partial<Record<Deno.Signal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** The signals that ask a program to stop; SIGPIPE is ignored by the runtime already. */
const STOPPING: readonly Deno.Signal[] = ["SIGHUP", "SIGINT", "SIGTERM"];

/** Turns signals into an abort; see {@link watchSignals}. */
export interface SignalWatch {
  readonly signal: AbortSignal;
  readonly passPointOfNoReturn: () => void;
  readonly stop: () => void;
}

/**
 * Listens for INT, TERM and HUP. The first one aborts `signal`; domain code then cleans up and
 * reverts, during which further signals change nothing. After the point of no return a signal is only
 * reported.
 * @param report told about every signal, with what it means now
 */
export function watchSignals(report: (message: string) => void): SignalWatch {
  const controller = new AbortController();
  let noReturn = false;
  const listeners = STOPPING.map((name) => {
    const listener = () => {
      if (noReturn) report(`${name} ignored: the activation is under way and will be finished`);
      else if (controller.signal.aborted) report(`${name}: already stopping, please wait`);
      else {
        report(`${name}: stopping`);
        controller.abort(new SignalInterrupt(name));
      }
    };
    Deno.addSignalListener(name, listener);
    return [name, listener] as const;
  });
  return {
    signal: controller.signal,
    passPointOfNoReturn: () => {
      controller.signal.throwIfAborted();
      noReturn = true;
    },
    stop: () => listeners.forEach(([name, listener]) => Deno.removeSignalListener(name, listener)),
  };
}
