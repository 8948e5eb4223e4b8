/** Where this Deno keeps what it downloads: a tool whose HOME is another one has to be told. */
export async function denoDirectory(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  if (!success) throw new Error(`deno info: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
