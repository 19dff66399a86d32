@echo off
powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "%~dp0flume-ng.ps1" %*
exit /b %ERRORLEVEL%
