import type { ChangedCommit, SizedRepository } from "../support/sized_repository.ts";
import { gitEnvironment } from "../support/github/git_environment.ts";
import { type Command, run } from "./measure.ts";
import { restore } from "./restore.ts";
import type { TestNetwork } from "./test_network.ts";

/** What a peer is told. */
export interface Situation {
  readonly network: TestNetwork;
  readonly repository: SizedRepository;
  /** Where `main` points when the measured command runs; undefined: at the base. */
  readonly target: ChangedCommit | undefined;
  /** A folder of the peer's own. */
  readonly folder: string;
}

/** A way to get from the base (or from nothing) to the commit that `main` is. */
export interface Peer {
  readonly name: string;
  /** Whether it starts from the base; otherwise from an empty folder. */
  readonly incremental: boolean;
  /** Makes a client that has the base and is warm. Not measured; only incremental peers have it. */
  readonly prepare?: (situation: Situation) => Promise<void>;
  /** What is measured. */
  readonly command: (situation: Situation) => Command;
  /** Where the files are afterwards. */
  readonly result: (situation: Situation) => string;
}

const HTTP_AT_ONCE = "50";

/** The environment of all measured commands; certificates for those that need them. */
export function baseEnvironment({ network, folder }: Situation): Record<string, string> {
  const { caFile } = network;
  return {
    ...gitEnvironment,
    PATH: Deno.env.get("PATH") ?? "",
    HOME: folder,
    XDG_CACHE_HOME: `${folder}/xdg-cache`,
    ...(caFile === undefined ? {} : {
      GIT_SSL_CAINFO: caFile,
      CURL_CA_BUNDLE: caFile,
      NODE_EXTRA_CA_CERTS: caFile,
      SSL_CERT_FILE: caFile,
    }),
  };
}

function shell(situation: Situation, script: string, args: readonly string[]): Command {
  const env = baseEnvironment(situation);
  return { command: "sh", args: ["-euc", script, "sh", ...args], env, cwd: situation.folder };
}

const gitUrl = ({ network }: Situation) => `${network.origins.server}/bench/tree`;
const work = ({ folder }: Situation) => `${folder}/work`;

/** A clone that is kept: `git fetch --depth 1` and a checkout of what came. */
export const gitFetch: Peer = {
  name: "git fetch",
  incremental: true,
  prepare: async (situation) => {
    await fromBase(situation, async () => {
      await run(shell(situation, 'git clone -q --depth 1 "$1" work', [gitUrl(situation)]));
    });
    await run(shell(situation, "cd work; git status --porcelain", []));
  },
  command: (situation) =>
    shell(
      situation,
      'cd work; git fetch -q --depth 1 "$1" main; git checkout -q --detach FETCH_HEAD',
      [gitUrl(situation)],
    ),
  result: work,
};

/** `git clone --depth 1`. */
export const gitClone: Peer = {
  name: "git clone",
  incremental: false,
  command: (situation) => shell(situation, 'git clone -q --depth 1 "$1" work', [gitUrl(situation)]),
  result: work,
};

/** GitHub's archive through curl and tar. */
export const archive: Peer = {
  name: "archive",
  incremental: false,
  command: (situation) =>
    shell(
      situation,
      'mkdir work; curl -sSfL "$1/archive/main.tar.gz" | tar -xz -C work --strip-components=1',
      [gitUrl(situation)],
    ),
  result: work,
};

/**
 * The raw files alone through one curl, many at once: what is to be downloaded is known before, so
 * this is a bound and not a tool.
 * @param paths of the files to get
 */
export function rawFiles(paths: (situation: Situation) => Promise<readonly string[]>): Peer {
  return {
    name: "raw files",
    incremental: false,
    prepare: async (situation) => {
      const sha = situation.target?.sha ?? situation.repository.base;
      const lines = (await paths(situation)).map((path) => {
        const encoded = path.split("/").map(encodeURIComponent).join("/");
        const url = `${situation.network.origins.raw}/bench/tree/${sha}/${encoded}`;
        return `url = "${url}"\noutput = "work/${path}"\n`;
      });
      await Deno.writeTextFile(`${situation.folder}/curl.txt`, lines.join(""));
    },
    command: (situation) => {
      // Without HTTP/2, waiting whether a connection can be shared would only cost time.
      const immediate = situation.network.kind.tls ? "" : "--parallel-immediate ";
      const script = "curl -sSf --compressed --create-dirs --parallel " + immediate +
        `--parallel-max ${HTTP_AT_ONCE} -K curl.txt`;
      return shell(situation, script, []);
    },
    result: work,
  };
}

/** giget, an npm package, which asks the API for an archive. */
export function giget(cli: string): Peer {
  return {
    name: "giget",
    incremental: false,
    command: (situation) => {
      const made = shell(situation, 'node "$1" gh:bench/tree#main work >giget.log', [cli]);
      const env = { ...made.env, GIGET_GITHUB_URL: situation.network.origins.api };
      return { ...made, env };
    },
    result: work,
  };
}

/** A compiled program that does nothing: what the runtime itself takes. */
export function emptyProgram(executable: string): Peer {
  return {
    name: "empty program",
    incremental: false,
    command: (situation) => ({ command: executable, args: [], env: baseEnvironment(situation) }),
    result: work,
  };
}

/** smart-sync, from the base or from nothing. */
export function smartSync(tool: readonly string[], incremental: boolean): Peer {
  const command = (situation: Situation): Command => {
    const { origins } = situation.network;
    const [program = "", ...first] = tool;
    const root = `${situation.folder}/work`;
    return {
      command: program,
      args: [...first, "--root", root, "--repo", "bench/tree", "--ref", "main"],
      env: {
        ...baseEnvironment(situation),
        GITHUB_API_URL: origins.api,
        GITHUB_RAW_URL: origins.raw,
        GITHUB_SERVER_URL: origins.server,
      },
    };
  };
  const makeRoot = async ({ folder }: Situation) => {
    for (const path of ["etc/hypervisor", "var/lib", "var/log", "run"]) {
      await Deno.mkdir(`${folder}/work/${path}`, { recursive: true });
    }
  };
  return {
    name: "smart-sync",
    incremental,
    prepare: async (situation) => {
      if (!incremental) return await makeRoot(situation);
      await fromBase(situation, async () => {
        await makeRoot(situation);
        await run(command(situation));
      });
      await run(command(situation));
    },
    command,
    result: (situation) => `${work(situation)}/etc/hypervisor/src`,
  };
}

/** An index trusts a file only when it is older than the index: so long after the last write. */
const INDEX_TRUST = 1100;

/** Gives a peer its client at the base: made once, kept beside it, and put back before every run. */
async function fromBase({ folder }: Situation, make: () => Promise<void>): Promise<void> {
  if (await exists(`${folder}/base`)) restore(`${folder}/base`, `${folder}/work`);
  else {
    await make();
    const env = { PATH: Deno.env.get("PATH") ?? "" };
    await run({ command: "cp", args: ["-a", "work", "base"], cwd: folder, env });
  }
  await new Promise((resolve) => setTimeout(resolve, INDEX_TRUST));
}

/**
 * Moves away what an earlier run of a peer from nothing has left. It is not removed before all is
 * measured: for a while ext4 passes over inodes that have just been given up, and tens of thousands of
 * them make new files several times slower for whoever comes next.
 */
export async function setAside({ folder }: Situation): Promise<void> {
  const aside = await Deno.makeTempDir({ dir: folder, prefix: "earlier-" });
  for (const name of ["work", "xdg-cache"]) {
    if (await exists(`${folder}/${name}`)) {
      await Deno.rename(`${folder}/${name}`, `${aside}/${name}`);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
