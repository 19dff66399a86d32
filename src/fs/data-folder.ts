import { isAbsolute, join } from 'node:path'
import type { Environment } from '../core/contracts.ts'
import { neededHome } from '../java/system-user.ts'

const OTHERWISE =
  'XDG_DATA_HOME, or write a whole path: embedded:/FOLDER as fs.defaultFS in core-site.xml, or in hdfs.path'

/**
 * Folder of this user's data: what is kept there survives a new installation. XDG_DATA_HOME/millrace, else where the
 * operating system has such folders. Throws ERR_CONFIG, with what to set, where the user has none.
 */
export function dataFolder(
  environment: Environment,
  { platform = process.platform, home = () => neededHome(environment, OTHERWISE) }: Partial<Whose> = {}
): string {
  const { XDG_DATA_HOME, LOCALAPPDATA } = environment.variables
  // Of a relative one the specification says that it does not count.
  if (XDG_DATA_HOME !== undefined && isAbsolute(XDG_DATA_HOME)) return join(XDG_DATA_HOME, 'millrace')
  switch (platform) {
    case 'win32':
      return join(LOCALAPPDATA || join(home(), 'AppData', 'Local'), 'millrace')
    case 'darwin':
      return join(home(), 'Library', 'Application Support', 'millrace')
    default:
      return join(home(), '.local', 'share', 'millrace')
  }
}

interface Whose {
  readonly platform: string
  home(): string
}
