//PAWLROT  JOB (ACCT),'PAWL ROTATE',CLASS=A,MSGCLASS=X,
//             NOTIFY=&SYSUID
//*-------------------------------------------------------------------
//* Once a month, by the scheduler: a new password, on the partner's
//* server and in the vault.
//*
//* RC 0: done.  RC 3: somebody must look at "pawl-rotate status".
//* RC 69, 75: nothing changed, run it again.  See pawl-rotate(1).
//*-------------------------------------------------------------------
//ROTATE   EXEC COZBATCH
//CMD.SYSUT1 DD *
export PATH=/usr/local/bin:$PATH
pawl-rotate --quiet recover && pawl-rotate --quiet site1
//
