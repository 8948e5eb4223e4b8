import { type InstallerSource, source } from "../e2e/installer.ts";
import { UpdatableMachine } from "../update/updated_machine.ts";

/** What is made once, when a case first needs it, because it takes seconds. */
export class Workshop implements AsyncDisposable {
  #source: InstallerSource | undefined;
  #updatable: Promise<UpdatableMachine> | undefined;

  /** A source to install from. */
  get source(): InstallerSource {
    return this.#source ??= source();
  }

  /** An installed machine, to be copied, whose source has a later commit and a broken one. */
  get updatable(): Promise<UpdatableMachine> {
    return this.#updatable ??= UpdatableMachine.install();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#source?.[Symbol.dispose]();
    await (await this.#updatable)?.[Symbol.asyncDispose]();
  }
}
