// One document for all addresses: the login has its own page, everything else is the desk.
if (location.pathname.startsWith('/login')) import('./login_page.js');
else import('./main.js');
