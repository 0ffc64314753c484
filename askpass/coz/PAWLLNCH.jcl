//PAWLLNCH JOB (ACCT),'PAWL LAUNCHER',CLASS=A,MSGCLASS=X,
//             NOTIFY=&SYSUID
//*-------------------------------------------------------------------
//* Co:Z Launcher; its ssh asks pawl-askpass for the password.  The
//* members COZCFG and STDENV come from the same library.
//*
//* Compare with the shop's own job: only STDENV is pawl's business.
//* Not tried on z/OS; see pawl-coz(7).
//*-------------------------------------------------------------------
//LAUNCH   EXEC PROC=COZPROC,ARGS='site1@sftp.example.com'
//COZCFG   DD DISP=SHR,DSN=HLQ.PAWL.CNTL(COZCFG)
//STDENV   DD DISP=SHR,DSN=HLQ.PAWL.CNTL(STDENV)
//STDIN    DD *
hostname
//
