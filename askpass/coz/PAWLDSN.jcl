//PAWLDSN  JOB (ACCT),'PAWL PASSWD_DSN',CLASS=A,MSGCLASS=X,
//             NOTIFY=&SYSUID
//*-------------------------------------------------------------------
//* The same for a job that is to stay as it is: PASSWD_DSN still
//* names the data set, which pawl-askpass looks up among the names
//* that entries replace ("dataset" in pawl-vault(1)).  The data set
//* itself is not read, and may be gone.
//*
//* Only what sets SSH_ASKPASS changes: the member PAWLENV instead of
//* the shop's own.  See pawl-coz(7).
//*-------------------------------------------------------------------
//SFTP     EXEC COZBATCH
//CMD.SYSUT1 DD DISP=SHR,DSN=HLQ.PAWL.CNTL(PAWLENV)
//         DD *
export PASSWD_DSN='HLQ.PASSWD(SITE1)'
partner=site1@sftp.example.com
$coz_bin/cozsftp $ssh_opts -oBatchMode=no -b- $partner <<EOB
put //HLQ.DATA.OUT data.out
EOB
//
