; Setup for Windows, for one user and without administrator's rights. Inno Setup 6.3 or later:
;
;   python resources\installers\make.py --output dist
;   python resources\installers\make.py --output dist --split
;   iscc /DVersion=0.1.0 /DFolder=..\..\..\dist\AFLoc resources\installers\windows\afloc.iss
;
; To sign the setup and its uninstaller, configure a sign tool named "afloc" in Inno Setup, with the
; identity from the environment, and add /DSigned:
;   iscc "/Safloc=signtool sign /fd sha256 /tr %AFLOC_TIMESTAMP_URL% /td sha256 /n $q%AFLOC_SIGN_NAME%$q $f" ...

#ifndef Version
  #error Give the version: /DVersion=0.1.0
#endif
#ifndef Folder
  #define Folder "..\..\..\dist\AFLoc"
#endif

[Setup]
AppId={{6E1B8C52-2B0A-4C0D-9C55-AF10C0DE5A11}
AppName=AFLoc Desktop
AppVersion={#Version}
AppPublisher=The AFLoc Desktop authors
DefaultDirName={autopf}\AFLoc
DefaultGroupName=AFLoc
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile=..\..\..\LICENSE
InfoBeforeFile=notice.txt
OutputBaseFilename=afloc-{#Version}-windows-x86_64-setup
Compression=lzma2/max
SolidCompression=yes
CloseApplications=yes
UninstallDisplayIcon={app}\afloc.exe
WizardStyle=modern
#ifdef Signed
SignTool=afloc
SignedUninstaller=yes
#endif

[Types]
Name: "viewer"; Description: "For radiologists: window and command line"
Name: "full"; Description: "For physicists: also the training part"
Name: "custom"; Description: "Choose"; Flags: iscustom

[Components]
Name: "viewer"; Description: "Window and command line"; Types: viewer full custom; Flags: fixed
Name: "trainer"; Description: "Training (teaches models with reports of the site)"; Types: full

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked
Name: "path"; Description: "Let `afloc` be found on the command line"; Flags: unchecked

[InstallDelete]
; Libraries of an earlier version must not stay beside those of this one.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
; make.py --split writes the two folders from trainer-files.txt.
Source: "{#Folder}\..\viewer\*"; DestDir: "{app}"; Components: viewer; Flags: recursesubdirs ignoreversion
Source: "{#Folder}\..\trainer\*"; DestDir: "{app}"; Components: trainer; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\AFLoc"; Filename: "{app}\afloc.exe"
Name: "{autodesktop}\AFLoc"; Filename: "{app}\afloc.exe"; Tasks: desktopicon

[Registry]
Root: HKCU; Subkey: "Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Tasks: path; Check: IsNotOnPath

[Run]
Filename: "{app}\afloc.exe"; Parameters: "self-test"; StatusMsg: "Testing the installation"; Flags: runhidden
Filename: "{app}\afloc.exe"; Description: "Start AFLoc"; Flags: postinstall nowait skipifsilent

[Code]
function IsNotOnPath: Boolean;
var
  Path: string;
begin
  Path := '';
  RegQueryStringValue(HKCU, 'Environment', 'Path', Path);
  Result := Pos(';' + Uppercase(ExpandConstant('{app}')) + ';', ';' + Uppercase(Path) + ';') = 0;
end;
