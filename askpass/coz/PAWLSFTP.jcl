//PAWLSFTP JOB (ACCT),'PAWL SFTP',CLASS=A,MSGCLASS=X,
//             NOTIFY=&SYSUID
//*-------------------------------------------------------------------
//* Co:Z SFTP in batch; the password is that of the vault's entry
//* "site1".  No data set holds it any more.
//*
//* Change: the job statement, the member and library that hold the
//* environment (see PAWLENV), the entry, user, host and data sets.
//* "sftp" with -b turns questions off: BatchMode=no stands before it.
//* See pawl-coz(7).
//*-------------------------------------------------------------------
//SFTP     EXEC COZBATCH
//CMD.SYSUT1 DD DISP=SHR,DSN=HLQ.PAWL.CNTL(PAWLENV)
//         DD *
export PAWL_ENTRY=site1
partner=site1@sftp.example.com
$coz_bin/cozsftp $ssh_opts -oBatchMode=no -b- $partner <<EOB
put //HLQ.DATA.OUT data.out
EOB
//
