export async function main(argv: string[]): Promise<number> {
  console.log(process.version, argv, process.execPath);
  return 7;
}
