import { CHANNEL_USAGE, TOOL_USAGE } from './channel-pages.ts'
import { usageOf } from './command-line.ts'
import { AGENT_OPTIONS } from './options.ts'
import { PLUGIN_USAGE } from './plugin-pages.ts'

/** What `flume-ng help` prints. */
export const USAGE = `Usage: flume-ng COMMAND [options]

Commands
  agent                   run an agent
  validate                check a configuration and list everything that is wrong with it
  fs                      show what was written: -ls, -cat, -text, -tail and more
  channel                 look into the folders of a file channel, Flume's too: inspect, verify, export, repair
  plugin                  install packages that a component wants: add, list, remove
  tool                    fcintegritytool: check the logs of a file channel
  version                 show the version
  help [TOPIC]            show this text, or a page of the manual
  node                    old name of agent

Options of every command
  -c, --conf DIR          folder with flume-env.sh, core-site.xml and hdfs-site.xml
  -Dname=value            set a property, such as -Dflume.root.logger=DEBUG,console
  -d, --dryrun            print the command that would run, and end
      --plugins-path DIRS folders with plug-ins, instead of plugins.d; see flume-ng help plugin
  -C, --classpath PATH    accepted, without effect, as are -X… and -agentlib…
  --                      what stands behind it belongs to the command

Help topics
  agent, configuration, validate, fs, channel, plugin, tool, or a kind of component: flume-ng help sources
  and one component: flume-ng help sources netcat

Example
  flume-ng agent -f conf
`

const AGENT = `Usage: flume-ng agent [-n NAME] -f FILE|DIR [options]

Runs the agent of a configuration until SIGTERM or Ctrl-C.

${usageOf(AGENT_OPTIONS)}

-f DIR means DIR/flume.conf or DIR/flume-conf.properties, else the only *.conf or *.properties in it; DIR is
then also the folder of --conf when that is not given. Without -n the only agent of the file runs.
A word that belongs to no option is an error.

Options may also stand in /etc/flume/flume.opts, else in flume.opts in the folder of --conf. They count where
the command line does not say. It is a properties file, an option with or without hyphens on each line:

  # flume.opts
  name = a1
  conf-file = /etc/flume/agent.conf
  --strict
  -Dflume.monitoring.type = http

Properties (-D)
  flume.root.logger=LEVEL,TARGET   DEBUG, INFO, WARN, ERROR, OFF; console (text), LOGFILE (JSON lines)
  flume.log.dir, flume.log.file    where LOGFILE is; default logs/flume.log
  flume.log.roll=false             do not roll it at midnight and 100 MB into archive/, at most 1 GB kept
  flume.stop.timeout=SECONDS       time for a stop to empty channels; default 25, and 3 to close and end
  flume.monitoring.type=http       serve counters as JSON on /metrics; on this machine also /balance, /details
  flume.monitoring.port=PORT       default 41414
  flume.monitoring.bind=ADDRESS    default: all addresses

Exit codes
  0 help shown   1 it could not start   143, 130, 129 ended by SIGTERM, SIGINT, SIGHUP
A second signal ends the agent at once; what comes within 0.3 s of the first one is part of it.

Other signals
  SIGQUIT   log what every component is at and what it waits for (Windows: Ctrl-Break)
  SIGUSR1   open the log file anew, after something else moved it; SIGHUP does the same when there is one
  SIGUSR2   nothing
`

const CONFIGURATION = `Configuration

A configuration is a Java properties file. It names the parts of an agent and connects them:

  a1.sources = r1
  a1.channels = c1
  a1.sinks = k1
  a1.sources.r1.type = netcat
  a1.sources.r1.bind = localhost
  a1.sources.r1.port = 44444
  a1.sources.r1.channels = c1
  a1.channels.c1.type = memory
  a1.sinks.k1.type = logger
  a1.sinks.k1.channel = c1

The same in blocks, where the lists of parts follow from the names used; both spellings may be mixed:

  a1.sources {
      r1.type = netcat
      r1.bind = localhost
      r1.port = 44444
  }
  a1.channels {
      c1.type = memory
  }
  a1.sinks {
      k1.type = logger
  }
  a1.sources(r1).channels(c1)
  a1.sinks(k1).channels(c1)

Values may hold \${env:NAME}, \${sys:name}, \${date:yyyy-MM-dd}, \${java:version} and \${other.key}, with a
default after :- as in \${env:PORT:-44444}. Several files (-f one -f two) make one configuration; what comes
later counts.

flume-ng validate -f FILE lists everything that is wrong, with file, line and what to write.
`

const VALIDATE = `Usage: flume-ng validate -f FILE|DIR [-n NAME] [--json] [--strict]

Checks a configuration without running it and prints every finding with file, line and what to write.

  -f, --conf-file <path>  configuration file, or folder with one; may be repeated
  -n, --name <name>       agent to check; all agents when it is not given
      --json              one JSON object for programs
      --strict            warnings count as errors

Exit codes
  0 it runs whole   1 something is wrong   2 it cannot be read
`

const FS = `Usage: flume-ng fs [-c DIR] -ls|-cat|-text|-tail|-mkdir|-rm URI…

Shows what was written to embedded:, file:, hdfs:, webhdfs: and swebhdfs: stores; hdfs: is reached by WebHDFS,
at the web port that the site files name, else 9870 or 50070. A path without scheme is looked up in the store
that core-site.xml in the folder of --conf names, else the one in conf/ of this installation.

  -ls [-C] [-d] [-h] [-R]  list files and folders; -C: paths only, -d: folders themselves
  -cat                     print the bytes of files
  -text                    print files decoded: compressed files, sequence files, Avro containers
  -tail                    print the end of a file
  -mkdir [-p]              make a folder
  -rm [-f] [-r]            remove a file, or a folder with all that is in it

Options of every command (-c DIR, -Dname=value) stand before -ls and the others: what stands behind is theirs.
`

/** Pages of the manual that are not about one kind of component. */
export const HELP_PAGES: Readonly<Record<string, string>> = {
  agent: AGENT,
  node: AGENT,
  configuration: CONFIGURATION,
  validate: VALIDATE,
  fs: FS,
  channel: CHANNEL_USAGE,
  plugin: PLUGIN_USAGE,
  tool: TOOL_USAGE
}
