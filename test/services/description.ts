/**
 * One server that tests and examples can ask for: `service.ts` in its folder exports this by default. Its program prints
 * `READY {json}` with its ports once it serves, answers each line of stdin, and ends when stdin ends.
 */
export interface ServiceDescription {
  /** What it is, for the table in README.md. */
  readonly summary: string
  /** A Java program: the main class beside the description; its jars are those of the pom.xml there. */
  readonly java?: string
  /** A program of ours, beside the description. */
  readonly node?: string
  /** Writes what the server finds in the folder, first in a Java class path; resolves to the options as its program gets them. */
  prepare?(
    classPath: string,
    options: Readonly<Record<string, string>>
  ): Promise<Readonly<Record<string, string>>>
  /** Environment of the server. */
  readonly environment?: Readonly<Record<string, string>>
  /** How examples speak of it: by port number, the fact that tells where it really listens; and what agents need around them. */
  readonly examples: {
    readonly ports: Readonly<Record<number, string>>
    readonly environment?: Readonly<Record<string, string>>
  }
}
